import { fill } from '../../text/cli/index.ts';
import { isUserAction, type UserFacts } from '../../server/admin/index.ts';
import type { Command, Run } from '../command.ts';
import { type RunCommand, withAdmin } from '../compose/local-admin.ts';
import { ConfigError } from '../config/sources.ts';
import { printResult } from '../output.ts';

export const user: Command = {
  name: 'user',
  about: (texts) => texts.commandUser,
  usage: 'user create|list|lock|unlock|suspend|unsuspend|deactivate|reset-password|promote|demote [NAME]',
  options: [
    { name: 'password', value: 'TEXT', text: 'create, reset-password: the password; one is made where it is missing' },
    { name: 'admin', text: 'create: make an administrator' },
  ],
  positionalsMax: 2,
  takesConfig: true,
  async run(run) {
    const [action = 'list', name] = run.arguments.positionals;
    await withAdmin(run, (runCommand) => perform(run, { action, name }, runCommand));
    return 0;
  },
};

async function perform(
  run: Run,
  { action, name }: { action: string; name: string | undefined },
  runCommand: RunCommand,
): Promise<void> {
  const { texts } = run;
  if (action === 'list') {
    const users = await listAll(runCommand);
    printResult(run, users, users.length === 0 ? [texts.userNone] : users.map(line));
    return;
  }
  if (name === undefined) throw new ConfigError(texts.userUsage);
  const password = run.arguments.options.get('password');
  const secret = password === undefined ? {} : { password };
  const command = `user.${action}`;
  if (command === 'user.create' || command === 'user.reset-password') {
    const made = (await runCommand(
      command === 'user.create'
        ? { name: command, user: name, ...secret, admin: run.arguments.options.has('admin') }
        : { name: command, user: name, ...secret },
    )) as { user: string; password?: string };
    const said = fill(command === 'user.create' ? texts.userCreated : texts.userChanged, { user: made.user });
    printResult(
      run,
      made,
      made.password === undefined ? [said] : [said, fill(texts.userPassword, { password: made.password })],
    );
    return;
  }
  if (!isUserAction(command)) throw new ConfigError(texts.userUsage);
  const changed = await runCommand<UserFacts>({ name: command, user: name });
  printResult(run, changed, [fill(texts.userChanged, { user: changed.user }), line(changed)]);
}

async function listAll(runCommand: RunCommand): Promise<UserFacts[]> {
  const users: UserFacts[] = [];
  for (;;) {
    const after = users.at(-1)?.user;
    const page = await runCommand<UserFacts[]>({ name: 'user.list', ...(after !== undefined && { after }) });
    users.push(...page);
    if (page.length === 0) return users;
  }
}

function line(one: UserFacts): string {
  const marks = (['admin', 'locked', 'suspended', 'deactivated'] as const).filter((mark) => one[mark]);
  return `${one.user}${marks.length === 0 ? '' : `  (${marks.join(', ')})`}`;
}

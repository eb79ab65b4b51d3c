import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderUnicodeCompact } from 'uqr';
import { inviteSheet } from './invite-sheet.ts';
import { fill } from '../../text/cli/index.ts';
import type { InviteFacts } from '../../server/admin/index.ts';
import type { Command, Run } from '../command.ts';
import { type RunCommand, withAdmin } from '../compose/local-admin.ts';
import { ConfigError } from '../config/sources.ts';
import { printResult } from '../output.ts';

export const invite: Command = {
  name: 'invite',
  about: (texts) => texts.commandInvite,
  usage: 'invite [--uses N] [--days N] [--from USER] [--room ROOM_ID] [--sheet FILE] | --list | --revoke TOKEN',
  options: [
    { name: 'uses', value: 'N', text: 'accounts that it makes; 1 unless given' },
    { name: 'days', value: 'N', text: 'how long it is valid; 7 unless given, 0 for ever' },
    { name: 'from', value: 'USER', text: 'who invites: the new account can write to them at once' },
    { name: 'room', value: 'ROOM_ID', text: 'a room to be led to' },
    { name: 'sheet', value: 'FILE', text: 'write a sheet to print (HTML)' },
    { name: 'list', text: 'show the open invites' },
    { name: 'revoke', value: 'TOKEN', text: 'end an invite' },
  ],
  takesConfig: true,
  async run(run) {
    await withAdmin(run, (runCommand) => perform(run, runCommand));
    return 0;
  },
};

async function perform(run: Run, runCommand: RunCommand): Promise<void> {
  const { texts } = run;
  const { options } = run.arguments;
  const revoked = options.get('revoke');
  if (revoked !== undefined) {
    printResult(run, await runCommand({ name: 'invite.revoke', token: revoked }), [texts.inviteRevoked]);
  } else if (options.has('list')) {
    const invites = await runCommand<InviteFacts[]>({ name: 'invite.list' });
    printResult(
      run,
      invites,
      invites.length === 0 ? [texts.inviteNone] : invites.map((one) => `${one.link}\n  ${validity(run, one)}`),
    );
  } else {
    const from = options.get('from');
    const room = options.get('room');
    const uses = count(run, 'uses');
    const days = count(run, 'days');
    const made = await runCommand<InviteFacts>({
      name: 'invite.create',
      ...(uses !== undefined && { uses }),
      ...(days !== undefined && { days }),
      ...(from !== undefined && { by: from }),
      ...(room !== undefined && { room }),
    });
    const sheet = options.get('sheet');
    if (sheet !== undefined) {
      writeFileSync(path.resolve(run.workingDir, sheet), inviteSheet(texts, made), { mode: 0o600 });
    }
    printResult(run, made, [
      texts.inviteLink,
      '',
      made.link,
      '',
      renderUnicodeCompact(made.link),
      '',
      ...(made.text === null ? [] : [texts.inviteText, '', made.text, '']),
      ...(sheet === undefined ? [] : [fill(texts.inviteSheet, { file: sheet })]),
      validity(run, made),
      texts.inviteNext,
    ]);
  }
}

function count(run: Run, name: string): number | undefined {
  const text = run.arguments.options.get(name);
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,5}$/.test(text)) throw new ConfigError(`--${name}: "${text}" is no number`);
  return Number(text);
}

function validity(run: Run, { usesLeft, expiresAt }: InviteFacts): string {
  const uses = usesLeft ?? '∞';
  if (expiresAt === null) return fill(run.texts.inviteForever, { uses });
  return fill(run.texts.inviteUses, { uses, until: new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ') });
}

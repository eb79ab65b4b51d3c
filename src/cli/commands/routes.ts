import type { RouteFacts } from '../../server/routes/index.ts';
import { fill } from '../../text/cli/index.ts';
import type { Command, Run } from '../command.ts';
import { withAdmin } from '../compose/local-admin.ts';
import { ConfigError } from '../config/sources.ts';
import { printResult } from '../output.ts';

export const routes: Command = {
  name: 'routes',
  about: (texts) => texts.commandRoutes,
  usage: 'routes show | rotate',
  options: [],
  positionalsMax: 1,
  takesConfig: true,
  async run(run) {
    const [what = 'show'] = run.arguments.positionals;
    if (what !== 'show' && what !== 'rotate') {
      throw new ConfigError(`"${what}": allowed is "postern routes show" or "postern routes rotate"`);
    }
    const facts = await withAdmin(run, (runCommand) => runCommand<RouteFacts>({ name: `routes.${what}` }));
    printResult(run, facts, [...(what === 'rotate' ? [run.texts.routesRotated, ''] : []), ...describe(run, facts)]);
    return 0;
  },
};

function describe({ texts }: Run, { version, expiresAt, routes: list, oldSecrets }: RouteFacts): string[] {
  return [
    ...(list.length === 0 ? [texts.routesNone] : []),
    ...list.map(({ name, zone }) => `  ${name}${zone === null ? '' : `  (${zone})`}`),
    fill(texts.routesVersion, { version, until: day(expiresAt) }),
    ...oldSecrets.map(({ replacedAt, waitingDevices }) =>
      fill(texts.routesOld, { since: day(replacedAt), count: waitingDevices }),
    ),
    texts.routesNext,
  ];
}

function day(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

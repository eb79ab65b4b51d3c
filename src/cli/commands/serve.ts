import { fill } from '../../text/cli/index.ts';
import type { Command, Run } from '../command.ts';
import { firstAccountLink } from '../compose/first-account.ts';
import { type RunningServer, startServer } from '../compose/serve.ts';
import { configOf } from '../config-of.ts';
import { printResult } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';

export const serve: Command = {
  name: 'serve',
  about: (texts) => texts.commandServe,
  usage: 'serve [--config FILE] [--KEY=VALUE …]',
  options: [],
  takesConfig: true,
  async run(run) {
    const { config, baseDir } = configOf(run);
    const server = await startServer({ config, baseDir, environment: run.environment });
    await announceServer(server, run);
    await stopSignal(run);
    await server.close();
    if (!run.arguments.json) console.log(run.texts.serveStopped);
    return 0;
  },
};

/** Says where a server is, and how its first account is made. */
export async function announceServer(server: RunningServer, run: Run): Promise<void> {
  const { texts } = run;
  const link = await firstAccountLink(server.services);
  const first = link === undefined ? [] : ['', texts.serveFirstAccount, `  ${link}`];
  printResult(run, { url: server.publicBaseUrl, ports: server.listeners.ports, firstAccount: link ?? null }, [
    texts.serveReady,
    fill(texts.serveListening, { url: server.publicBaseUrl }),
    ...first,
    '',
    texts.serveNext,
  ]);
}

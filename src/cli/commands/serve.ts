import { fill } from '../../text/cli/index.ts';
import type { Command, Run } from '../command.ts';
import { firstAccountLink } from '../compose/first-account.ts';
import { type RunningServer, startServer } from '../compose/serve.ts';
import { configOf } from '../config-of.ts';
import { printResult } from '../output.ts';

export const serve: Command = {
  name: 'serve',
  about: (texts) => texts.commandServe,
  usage: 'serve [--config FILE] [--KEY=VALUE …]',
  options: [],
  takesConfig: true,
  async run(run) {
    const { config, baseDir } = configOf(run);
    const server = await startServer({ config, baseDir, environment: run.environment });
    await announce(server, run);
    await stopSignal(run);
    await server.close();
    if (!run.arguments.json) console.log(run.texts.serveStopped);
    return 0;
  },
};

async function announce(server: RunningServer, run: Run): Promise<void> {
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

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(run: Run): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (): void => {
      if (stopping) process.exit(130);
      stopping = true;
      if (!run.arguments.json) console.log(`${run.texts.serveStopping} ${run.texts.serveAgain}`);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

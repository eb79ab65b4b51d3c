import { fill } from '../../text/cli/index.ts';
import type { Command } from '../command.ts';
import { packageVersion } from '../compose/package-version.ts';
import { startRelay } from '../compose/relay.ts';
import { configOf } from '../config-of.ts';
import { printResult } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';

export const relay: Command = {
  name: 'relay',
  about: (texts) => texts.commandRelay,
  usage: 'relay [--config FILE]',
  options: [],
  takesConfig: true,
  async run(run) {
    const { texts } = run;
    const { config, baseDir, dataDir } = configOf(run);
    const running = await startRelay({
      config,
      baseDir,
      dataDir,
      environment: run.environment,
      version: packageVersion(),
    });
    const names = config.relay?.names ?? [];
    printResult(run, { port: running.port, names, to: config.relay?.to }, [
      fill(texts.relayReady, { port: running.port, names: names.join(', '), to: config.relay?.to ?? '' }),
      texts.relayNext,
    ]);
    await stopSignal(run);
    await running.close();
    return 0;
  },
};

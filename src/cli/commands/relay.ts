import { fill } from '../../text/cli/index.ts';
import type { Command, Run } from '../command.ts';
import { packageVersion } from '../compose/package-version.ts';
import { type RunningRelay, startRelay } from '../compose/relay.ts';
import type { Config } from '../config/schema.ts';
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
    const { config, baseDir, dataDir } = configOf(run);
    const running = await startRelay({
      config,
      baseDir,
      dataDir,
      environment: run.environment,
      version: packageVersion(),
    });
    announceRelay(run, config, running);
    await stopSignal(run);
    await running.close();
    return 0;
  },
};

/** Says where a relay listens, and what it passes on. */
export function announceRelay(run: Run, { relay }: Config, { port }: RunningRelay): void {
  const { texts } = run;
  const { names = [], to = '' } = relay ?? {};
  const ready = fill(texts.relayReady, { port, names: names.join(', '), to });
  printResult(run, { port, names, to }, [ready, texts.relayNext]);
}

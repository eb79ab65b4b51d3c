import { fill } from '../../text/cli/index.ts';
import type { Command } from '../command.ts';
import { startDns } from '../compose/dns.ts';
import { configOf } from '../config-of.ts';
import { printResult } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';

export const dns: Command = {
  name: 'dns',
  about: (texts) => texts.commandDns,
  usage: 'dns [--config FILE]',
  options: [],
  takesConfig: true,
  async run(run) {
    const { texts } = run;
    const { config } = configOf(run);
    const running = await startDns(config);
    const zone = config.dns?.zone ?? '';
    printResult(run, { zone, ports: running.ports }, [
      fill(texts.dnsReady, { zone, ports: running.ports.join(', ') }),
      texts.dnsNext,
    ]);
    await stopSignal(run);
    await running.close();
    return 0;
  },
};

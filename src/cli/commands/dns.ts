import { fill } from '../../text/cli/index.ts';
import type { DnsService } from '../../deploy/dns/service.ts';
import type { Command, Run } from '../command.ts';
import { startDns } from '../compose/dns.ts';
import type { Config } from '../config/schema.ts';
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
    const { config } = configOf(run);
    const running = await startDns(config);
    announceDns(run, config, running);
    await stopSignal(run);
    await running.close();
    return 0;
  },
};

/** Says which zone is answered for, and where. */
export function announceDns(run: Run, { dns: section }: Config, { ports }: DnsService): void {
  const { texts } = run;
  const zone = section?.zone ?? '';
  printResult(run, { zone, ports }, [fill(texts.dnsReady, { zone, ports: ports.join(', ') }), texts.dnsNext]);
}

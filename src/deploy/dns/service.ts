/** The zone on all its sockets. */
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { Answerer } from './answer.ts';
import { TcpFront } from './tcp.ts';
import { UdpFront } from './udp.ts';

export interface DnsServiceOptions {
  readonly listeners: readonly { readonly address: string; readonly port: number }[];
  readonly answerer: Answerer;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface DnsService {
  /** One for each listener; UDP and TCP have the same. */
  readonly ports: readonly number[];
  close(): Promise<void>;
}

/** Opens every listener for UDP and TCP, or none: where one cannot be opened the others are closed again. */
export async function startDnsService(options: DnsServiceOptions): Promise<DnsService> {
  const { answerer, clock, log, metrics } = options;
  const questions = metrics.counter('postern_dns_questions_total', 'Questions to the private zone.', [
    'carrier',
    'outcome',
  ]);
  const open: (TcpFront | UdpFront)[] = [];
  const ports: number[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.map((one) => one.close()));
  };
  try {
    for (const { address, port } of options.listeners) {
      const shared = { address, answerer, clock };
      const tcp = await TcpFront.start({ ...shared, port, count: (outcome) => questions.add(1, 'tcp', outcome) });
      open.push(tcp);
      ports.push(tcp.port);
      const udp = await UdpFront.start({
        ...shared,
        port: tcp.port,
        count: (outcome) => questions.add(1, 'udp', outcome),
        onError: (error) => log.warn('a socket of the private zone broke', { why: error.message }),
      });
      open.push(udp);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { ports, close };
}

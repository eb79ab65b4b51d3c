/** The private zone, as a part of a server and as the composition root of `postern dns`. */
import { systemClock } from '../../adapters/clock/index.ts';
import { createLog } from '../../adapters/log/index.ts';
import { createMetrics } from '../../adapters/metrics/index.ts';
import { liveZone } from '../../deploy/dns/live-zone.ts';
import type { Answerer } from '../../deploy/dns/answer.ts';
import type { DnsService } from '../../deploy/dns/service.ts';
import type { Links } from '../../link/index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { zoneOf } from '../config/check-dns.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../config/sources.ts';

interface DnsParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What answers for the zone; `undefined` where there is none. Loaded only where it is needed. */
export async function openAnswerer(config: Config, links?: Links): Promise<Answerer | undefined> {
  const zone = zoneOf(config);
  if (zone === undefined) return undefined;
  const { createAnswerer } = await import('../../deploy/dns/answer.ts');
  return createAnswerer(liveZone(zone, (node) => links?.addressOf(node)));
}

/** Opens `dns.listeners`; `undefined` where there are none. */
export async function openDns(
  config: Config,
  answerer: Answerer | undefined,
  parts: DnsParts,
): Promise<DnsService | undefined> {
  const listeners = config.dns?.listeners ?? [];
  if (answerer === undefined || listeners.length === 0) return undefined;
  const { startDnsService } = await import('../../deploy/dns/service.ts');
  return await startDnsService({ ...parts, log: parts.log.child('dns'), listeners, answerer });
}

/** Starts the zone alone. Throws {@link ConfigError} where the configuration has none. */
export async function startDns(config: Config): Promise<DnsService> {
  const log = createLog(config.log);
  const parts = { clock: systemClock, log, metrics: createMetrics({ process: true }) };
  const service = await openDns(config, await openAnswerer(config), parts);
  if (service === undefined) {
    throw new ConfigError('dns.listeners is not set; it says where questions for dns.zone are answered');
  }
  return service;
}

/** The composition root of `postern relay`: links and the front, without a server. */
import type { Duplex } from 'node:stream';
import { systemClock } from '../../adapters/clock/index.ts';
import { createCrypto } from '../../adapters/crypto/index.ts';
import { createLog } from '../../adapters/log/index.ts';
import { createMetrics } from '../../adapters/metrics/index.ts';
import { createRandom } from '../../adapters/random/index.ts';
import { present } from '../../lib/assert.ts';
import { Relay } from '../../deploy/relay/front.ts';
import { answerAsSite } from '../../deploy/relay/site.ts';
import { placeOf } from '../../link/index.ts';
import type { Log } from '../../ports/log.ts';
import { linkedNode } from '../../server/peers/index.ts';
import { ConfigError } from '../config/sources.ts';
import { Certificates } from './certificates.ts';
import { openManaged } from './managed.ts';
import { openReach } from './reach.ts';
import { createLinkedPorts, type LinkPlaces } from './links.ts';

export interface RelayRunOptions extends LinkPlaces {
  readonly version: string;
  /** Tests bring their own. */
  readonly log?: Log;
}

export interface RunningRelay {
  readonly port: number;
  close(): Promise<void>;
}

const LIMITS = { connections: 2_000, connectionsPerAddress: 64, bytesPerSecond: 0 } as const;
/** Characters of the name under which a server counts a client of the relay. */
const ORIGIN_CHARS = 20;

/** Starts the relay of a configuration. Throws {@link ConfigError} where it has none. */
export async function startRelay(options: RelayRunOptions): Promise<RunningRelay> {
  const { relay } = options.config;
  if (relay === null) throw new ConfigError('relay is not set; it says which names are passed on, and where to');
  const log = options.log ?? createLog(options.config.log);
  const crypto = await createCrypto();
  const random = createRandom();
  const parts = { clock: systemClock, random, crypto, log, metrics: createMetrics({ process: true }) };
  const { ports, links, doors } = createLinkedPorts(options, parts, options.version);
  const node = linkedNode(relay.to);
  // The server learns of one client and another, but not of their addresses.
  const key = random.token(32);
  const originOf = (network: string): string =>
    Buffer.from(crypto.hmacSha1(key, network)).toString('hex').slice(0, ORIGIN_CHARS);
  const open = async (network: string, signal: AbortSignal): Promise<Duplex> =>
    node === undefined
      ? await ports.connectTo(placeOf(relay.to), signal)
      : await present(links, 'a relay to a node has links').open(
          node,
          { purpose: 'client', origin: originOf(network) },
          signal,
        );
  const { address, port, names, connections, connectionsPerAddress, bytesPerSecond } = relay;
  const managed = await openManaged({ ...options, parts, http: ports.http, links, doors });
  const certificates = new Certificates({
    baseDir: options.baseDir,
    clock: parts.clock,
    log,
    managed: managed?.manager,
  });
  const closeParts = async (): Promise<void> => {
    certificates.close();
    await managed?.close();
    links?.close();
    await ports.http.close();
  };
  links?.start();
  const starting = Relay.start({
    ...parts,
    log: log.child('relay'),
    address,
    port,
    names: new Set(names.map((name) => name.toLowerCase())),
    site: certificates.open(relay.site),
    limits: {
      connections: connections ?? LIMITS.connections,
      connectionsPerAddress: connectionsPerAddress ?? LIMITS.connectionsPerAddress,
      bytesPerSecond: bytesPerSecond ?? LIMITS.bytesPerSecond,
    },
    upgrades: links,
    answer: answerAsSite,
    open,
  });
  // A command that fails ends: nothing of what is open already may keep it.
  const front = await starting.catch(async (error: unknown) => {
    await closeParts();
    throw error;
  });
  managed?.manager.start();
  const desk = openReach({ ...options, links, doors, parts });
  return {
    port: front.port,
    close: async () => {
      desk?.close();
      await front.close();
      await closeParts();
    },
  };
}

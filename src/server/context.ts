/** What every service is given: the ports and the server's own name. */
import type { ServerName } from '../matrix/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { Crypto } from '../ports/crypto.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Random } from '../ports/random.ts';
import type { Store } from '../ports/store/index.ts';
import type { Stream } from './stream/index.ts';

export interface Context {
  readonly serverName: ServerName;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly stream: Stream;
}

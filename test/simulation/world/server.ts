/** A simulated server: every service, the handlers of both APIs, and the outbound sender, over ports of the world. */
import { clientRoutes } from '../../../src/http/client-api/index.ts';
import { QuietMetrics } from './quiet-metrics.ts';
import { createRandom } from '../../../src/adapters/random/index.ts';
import { handlerOf } from '../../../src/cli/compose/listeners.ts';
import { createServices } from '../../../src/cli/compose/services.ts';
import { discoveryRoutes, federationRoutes, keyRoutes } from '../../../src/http/federation-api/index.ts';
import { peerNames } from '../../../src/http/kit/peer.ts';
import { RateLimiter } from '../../../src/http/kit/rate-limit.ts';
import { OperationError } from '../../../src/matrix/errors.ts';
import type { ServerName } from '../../../src/matrix/ids.ts';
import type { Blobs } from '../../../src/ports/blobs.ts';
import type { PasswordHasher, SigningKey } from '../../../src/ports/crypto.ts';
import type { Dns } from '../../../src/ports/dns.ts';
import type { Log } from '../../../src/ports/log.ts';
import { Housekeeping } from '../../../src/server/background/index.ts';
import type { Context } from '../../../src/server/context.ts';
import type { Services } from '../../../src/server/services.ts';
import { Stream } from '../../../src/server/stream/index.ts';
import type { Disk, DiskPlan } from './disk.ts';
import { exchange, type Handle, type PlainAnswer, type PlainRequest } from './exchange.ts';
import type { MemoCrypto } from './memo-crypto.ts';
import { Power } from './power.ts';
import type { Scheduler } from './scheduler.ts';
import { Seeded } from './seeded.ts';
import type { Station, Wire } from './wire.ts';

export interface ServerParts {
  readonly name: ServerName;
  readonly key: SigningKey;
  readonly disk: Disk;
  readonly diskPlan: DiskPlan;
  readonly crypto: MemoCrypto;
  readonly scheduler: Scheduler;
  /** A seed for each run. */
  readonly nextSeed: () => number;
  /** Where every server is. */
  readonly places: Readonly<Record<string, { readonly connect: readonly string[] }>>;
  readonly onError: (message: string, cause: unknown) => void;
}

const nobody: Dns = {
  resolveSrv: () => Promise.resolve({ records: [], ttlMs: 60_000, failed: false }),
  resolveAddresses: () => Promise.resolve({ records: [], ttlMs: 60_000, failed: false }),
};

const noBlobs: Blobs = {
  put: () => Promise.reject(new Error('there is no media here')),
  open: () => Promise.resolve(undefined),
  delete: () => Promise.resolve(),
};

/** Passwords are not what is tested here. */
const plainHasher: PasswordHasher = {
  hash: (password) => Promise.resolve(`plain ${password}`),
  verify: (hash, password) => Promise.resolve(hash === `plain ${password}`),
};

/** What a server that stops waits for requests, and how often it looks. */
const GRACE_MS = 3_000;
const GRACE_STEP_MS = 50;

/** One run: what is gone when the process ends. */
interface Run {
  readonly power: Power;
  readonly services: Services;
  readonly handle: Handle;
  readonly metrics: QuietMetrics;
  readonly housekeeping: Housekeeping;
  /** Ends of the requests of clients that run. */
  readonly waiting: Set<() => void>;
  /** Requests that run. */
  running: number;
  /** Whether it takes no more of them. */
  isClosing: boolean;
}

/** What waits for other servers. */
const UNSENT =
  'SELECT (SELECT count(*) FROM outbound_edus) AS edus, ' +
  '(SELECT count(*) FROM destinations WHERE retry_at IS NOT NULL OR attempt_id IS NOT NULL) AS behind';
const UNSENT_GAUGES = ['active_destinations', 'sleeping_destinations', 'queued_events'].map(
  (name) => `postern_federation_${name}`,
);

export class SimulatedServer implements Station {
  readonly name: ServerName;
  readonly disk: Disk;
  readonly #parts: ServerParts;
  /** How wrong its clock goes. */
  skewMs = 0;
  /** How often it was started. */
  runs = 0;
  readonly #listeners: ((services: Services) => void)[] = [];
  #run: Run | undefined;
  #wire: Wire | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.disk = parts.disk;
  }

  connect(wire: Wire): void {
    this.#wire = wire;
  }

  get power(): Power | undefined {
    return this.#run?.power;
  }

  get isUp(): boolean {
    return this.#run?.power.isOn === true && !this.#run.isClosing;
  }

  get services(): Services {
    if (this.#run === undefined) throw new Error(`${this.name} does not run`);
    return this.#run.services;
  }

  get crypto(): MemoCrypto {
    return this.#parts.crypto;
  }

  /** Calls `listener` with the services of this run, and of every one to come. */
  onStart(listener: (services: Services) => void): void {
    this.#listeners.push(listener);
    if (this.#run !== undefined) listener(this.#run.services);
  }

  /** Whether nothing that others should have waits here. */
  hasSentAll(): boolean {
    const run = this.#run;
    if (run === undefined || !this.isUp) return false;
    if (UNSENT_GAUGES.some((name) => run.metrics.read(name) > 0)) return false;
    const [row] = this.disk.rows(UNSENT);
    return row?.['edus'] === 0 && row['behind'] === 0;
  }

  get key(): SigningKey {
    return this.#parts.key;
  }

  /** Starts it over what is on its disk; goes on in the world's time. */
  start(): Promise<void> {
    this.runs += 1;
    const power = new Power(this.#parts.scheduler);
    const metrics = new QuietMetrics();
    const services = this.#createServices(power, metrics);
    const housekeeping = new Housekeeping(services.context, services.media, undefined);
    const run: Run = {
      power,
      services,
      handle: this.#handlerOf(services),
      metrics,
      housekeeping,
      waiting: new Set(),
      running: 0,
      isClosing: false,
    };
    this.#run = run;
    housekeeping.start();
    for (const listener of this.#listeners) listener(services);
    return services.federation.start().catch((error: unknown) => {
      // A disk error at the start ends the process, as it does outside.
      this.#parts.onError('the start failed', error);
      if (this.#run === run) this.crash();
    });
  }

  /** The process ends without warning. */
  crash(): void {
    const run = this.#run;
    this.#run = undefined;
    if (run === undefined) return;
    run.power.cut();
    for (const gone of run.waiting) gone();
  }

  /** The process ends as it should: requests that run have a while to end, others are not taken any more. */
  async stop(): Promise<void> {
    const run = this.#run;
    if (run === undefined || run.isClosing) return;
    const { services, housekeeping, power } = run;
    run.isClosing = true;
    const { scheduler } = this.#parts;
    for (const endMs = scheduler.nowMs + GRACE_MS; run.running > 0 && scheduler.nowMs < endMs; ) {
      await new Promise<void>((resolve) => {
        power.schedule(GRACE_STEP_MS, resolve);
      });
    }
    for (const gone of run.waiting) gone();
    housekeeping.stop();
    await services.federation.close();
    await services.peers.close();
    await services.sync.sliding.close();
    await services.context.store.close();
    if (this.#run === run) this.crash();
  }

  async answer(request: PlainRequest): Promise<PlainAnswer | undefined> {
    const run = this.#run;
    if (run === undefined || run.isClosing) return undefined;
    run.running += 1;
    try {
      return await exchange(run.handle, request);
    } finally {
      run.running -= 1;
    }
  }

  /** What a client of it is answered; `undefined` where the process ends first, or does not run. */
  call(request: PlainRequest): Promise<PlainAnswer | undefined> {
    const run = this.#run;
    if (run === undefined) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const gone = (): void => resolve(undefined);
      run.waiting.add(gone);
      this.answer(request).then((answer) => {
        run.waiting.delete(gone);
        if (run.power.isOn) resolve(answer);
      }, reject);
    });
  }

  #createServices(power: Power, metrics: QuietMetrics): Services {
    const { name, key, disk, diskPlan, crypto, nextSeed, places } = this.#parts;
    const seeded = new Seeded(nextSeed(), this.runs);
    const log = this.#log(power);
    const context: Context = {
      serverName: name,
      store: disk.open(power, diskPlan, log),
      clock: power.clock(() => this.skewMs),
      random: createRandom((pool) => seeded.fill(pool)),
      crypto,
      log,
      metrics,
      stream: new Stream(),
    };
    if (this.#wire === undefined) throw new Error('the server has no wire');
    return createServices(context, {
      facts: {
        publicBaseUrl: `https://${name}`,
        defaultRoomVersion: '12',
        maxUploadBytes: 1,
        federationName: undefined,
        version: 'simulated',
      },
      routes: { routes: [], fingerprint: undefined },
      registration: 'open',
      sharedSecret: undefined,
      hasher: plainHasher,
      signingKey: key,
      peers: {
        http: this.#wire.portOf(this, power),
        dns: nobody,
        signingKey: key,
        oldSigningKeys: [],
        isEnabled: true,
        allow: null,
        overrides: places,
        hosts: {},
        trustedKeyServers: [],
      },
      retry: { initialMs: 1_000, maxMs: 3_600_000 },
      presence: false,
      tells: { typing: true, presence: false },
      media: { blobs: noBlobs, images: undefined, maxUploadBytes: 1, remoteRetentionMs: 86_400_000 },
    });
  }

  #handlerOf(services: Services): Handle {
    const { clock, crypto, random } = services.context;
    return handlerOf(
      {
        routes: clientRoutes(services),
        fromServers: [...federationRoutes(services), ...keyRoutes(services), ...discoveryRoutes(services)],
        web: undefined,
      },
      { services, limiter: new RateLimiter(clock, undefined), peers: peerNames(crypto, random.token(32), []) },
    );
  }

  #log(power: Power): Log {
    const log: Log = {
      child: () => log,
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (message, cause) => {
        // Whoever is cut off at the end finds the store closed.
        const isEnd = cause instanceof OperationError && cause.kind === 'storage-closed';
        if (power.isOn && !isEnd) this.#parts.onError(message, cause);
      },
    };
    return log;
  }
}

/** Servers in one process, with the time, the network and the disks between them in the hand of a seed. */
import { createCrypto } from '../../../src/adapters/crypto/index.ts';
import { present } from '../../../src/lib/assert.ts';
import { parseServerName } from '../../../src/matrix/ids.ts';
import type { SigningKey } from '../../../src/ports/crypto.ts';
import { Disk, type DiskPlan, type Fate } from './disk.ts';
import type { PlainRequest } from './exchange.ts';
import { chooseFaults, type Fault, fateOf, RATES } from './faults.ts';
import { gullible, MemoCrypto } from './memo-crypto.ts';
import { Scheduler } from './scheduler.ts';
import { Seeded } from './seeded.ts';
import { SimulatedServer } from './server.ts';
import { at, type Reply, request, SimulatedUser } from './user.ts';
import { type Journey, Wire, type WirePlan } from './wire.ts';

const NAMES = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
const HOUR_MS = 3_600_000;
/** Every server has one key. */
export const SIGNING_KEY_ID = 'ed25519:sim';
const SEND = '/_matrix/federation/v1/send/';

/** What lives can share: disks that are wiped between them, and what is costly to make. */
export class Workshop {
  readonly crypto: MemoCrypto;
  readonly #disks = new Map<string, Disk>();

  private constructor(crypto: MemoCrypto) {
    this.crypto = crypto;
  }

  static async open(): Promise<Workshop> {
    return new Workshop(new MemoCrypto(await createCrypto()));
  }

  /** An empty disk. */
  async disk(name: string, key: SigningKey): Promise<Disk> {
    const known = this.#disks.get(name);
    const disk = known ?? (await Disk.make(this.crypto, key));
    this.#disks.set(name, disk);
    disk.wipe();
    return disk;
  }
}

export interface WorldOptions {
  readonly seed: number;
  readonly servers: number;
  readonly usersPerServer: number;
  /** Those that may happen; the seed chooses among them. */
  readonly faults?: readonly Fault[];
}

export type Defect =
  /** It says that a batch is on its disk before it is. */
  | 'hasty'
  /** It answers as if it had taken a transaction, and has not. */
  | 'deaf'
  /** It answers no transaction, now and for ever. */
  | 'stubborn'
  /** It takes every signature for good. */
  | 'gullible';

/** A server's state of health. */
interface Health {
  isDiskIll: boolean;
  restartPlanned: boolean;
}

export class World {
  readonly seed: number;
  readonly random: Seeded;
  readonly scheduler = new Scheduler();
  readonly servers: readonly SimulatedServer[];
  readonly users: SimulatedUser[] = [];
  readonly faults: ReadonlySet<Fault>;
  /** What happened, for the reader of a failure. */
  readonly trace: string[] = [];
  /** What must not happen at all: errors in a log, rejections nobody handled. */
  readonly mishaps: string[] = [];
  /** Set while nothing may go wrong. */
  isCalm = true;
  /** Batches that were handed to a disk. */
  commits = 0;
  /** Decides about a batch, whatever the seed says. */
  fateAt: { readonly commit: number; readonly fate: Fate } | undefined;
  /** What becomes of the next batches of a server, whatever the seed says. */
  readonly fates = new Map<string, Fate[]>();
  /** How long batches take to reach the disks of some servers, whatever the seed says. */
  readonly writeMs = new Map<string, number>();
  /** How long answers travel, whatever the seed says; by the server that gives them and the beginning of the path. */
  readonly backMs = new Map<string, number>();
  /** Beginnings of paths that no request reaches, whatever the seed says. */
  readonly lost = new Set<string>();
  /** Whether every request is noted. */
  isVerbose = false;
  /** For canaries, by the name of the server that is not as it should be. */
  readonly defects = new Map<string, Defect>();
  readonly #health = new Map<string, Health>();
  #groups = new Map<string, number>();

  private constructor(options: WorldOptions, servers: (world: World) => readonly SimulatedServer[]) {
    this.seed = options.seed;
    this.random = new Seeded(options.seed, 1);
    this.faults = chooseFaults(this.random, options.faults);
    this.servers = servers(this);
    const stations = new Map(this.servers.map((server) => [server.name as string, server]));
    const wire = new Wire(this.scheduler, this.#wirePlan(), stations);
    for (const server of this.servers) {
      server.connect(wire);
      this.#health.set(server.name, { isDiskIll: false, restartPlanned: false });
    }
  }

  /** A world whose servers run, with their users registered. */
  static async open(workshop: Workshop, options: WorldOptions): Promise<World> {
    workshop.crypto.clear();
    const names = NAMES.slice(0, options.servers).map((name) => `${name}.test`);
    const keys = names.map((_, index) => ({ keyId: SIGNING_KEY_ID, seed: new Uint8Array(32).fill(index + 1) }));
    const disks: Disk[] = [];
    for (const [index, name] of names.entries()) {
      disks.push(await workshop.disk(name, present(keys[index], 'a key for each')));
    }
    const places = Object.fromEntries(names.map((name) => [name, { connect: [`${name}:8448`] }]));
    const world = new World(options, (made) =>
      names.map((name, index) => {
        const server: SimulatedServer = new SimulatedServer({
          name: present(parseServerName(name), 'a server name'),
          key: present(keys[index], 'a key for each'),
          disk: present(disks[index], 'a disk for each'),
          diskPlan: made.#diskPlan(name),
          crypto: gullible(workshop.crypto, () => made.defects.get(name) === 'gullible'),
          scheduler: made.scheduler,
          nextSeed: () => made.random.word(),
          places,
          onError: (message, cause) => made.#onError(name, message, cause),
        });
        return server;
      }),
    );
    for (const server of world.servers) {
      const started = server.start();
      await world.until(started);
    }
    await world.#register(options.usersPerServer);
    return world;
  }

  async #register(usersPerServer: number): Promise<void> {
    for (const server of this.servers) {
      for (let count = 0; count < usersPerServer; count += 1) {
        const body = {
          username: `u${count}`,
          password: 'simulated',
          auth: { type: 'm.login.dummy' },
          device_id: `D${count}`,
        };
        const reply = await this.until(request(server, 'POST', at`/register`, { body }));
        this.users.push(new SimulatedUser(server, present(reply, 'the server answers')));
      }
    }
  }

  server(index: number): SimulatedServer {
    return present(this.servers[index], 'there are so many servers');
  }

  user(index: number): SimulatedUser {
    return present(this.users[index], 'there are so many users');
  }

  /** Lets the world go on until a promise has settled. */
  async until<T>(promise: Promise<T>, limitMs = HOUR_MS): Promise<T> {
    let isSettled = false;
    const settled = Promise.allSettled([promise]).then(() => (isSettled = true));
    if (!(await this.scheduler.runUntil(() => isSettled, limitMs))) throw new Error('nothing came of it in an hour');
    await settled;
    return await promise;
  }

  /** A call that must succeed. */
  async ok(call: Promise<Reply | undefined>): Promise<Reply> {
    const reply = present(await this.until(call), 'the server answers');
    if (!reply.isOk) throw new Error(`${reply.status} ${JSON.stringify(reply.body)}`);
    return reply;
  }

  /** Resolves a while later. */
  pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.schedule(durationMs, resolve);
    });
  }

  /** Nothing goes on any more. */
  end(): void {
    for (const server of this.servers) server.crash();
  }

  note(text: string): void {
    this.trace.push(`${(this.scheduler.nowMs / 1000).toFixed(3).padStart(9)} s  ${text}`);
  }

  /** Divides the servers in two groups that do not reach each other. */
  divide(): void {
    this.#groups = new Map(this.servers.map(({ name }) => [name, this.random.below(2)]));
    this.note(`partition ${this.servers.map(({ name }) => `${name}:${this.#groups.get(name)}`).join(' ')}`);
  }

  /** Cuts a server off from all others. */
  isolate(server: SimulatedServer): void {
    this.#groups = new Map(this.servers.map((one) => [one.name, one === server ? 1 : 0]));
    this.note(`${server.name} is cut off`);
  }

  unite(): void {
    if (this.#groups.size > 0) this.note('no partition');
    this.#groups.clear();
  }

  /** Ends a server without warning; it starts again a while later. */
  crash(server: SimulatedServer): void {
    this.note(`crash of ${server.name}`);
    server.crash();
    this.#planRestart(server);
  }

  /** What may go wrong between two steps. */
  disturb(): void {
    const { random, faults } = this;
    if (faults.has('partition')) {
      if (this.#groups.size === 0 && random.chance(RATES.partition)) this.divide();
      else if (random.chance(RATES.heal)) this.unite();
    }
    const server = random.pick(this.servers);
    const health = this.#healthOf(server);
    if (faults.has('clock') && random.chance(RATES.clock)) {
      server.skewMs = random.below(2 * HOUR_MS) - HOUR_MS;
      this.note(`clock of ${server.name} is wrong by ${server.skewMs} ms`);
    }
    if (faults.has('disk') && random.chance(health.isDiskIll ? RATES.heal : RATES.disk)) {
      health.isDiskIll = !health.isDiskIll;
      this.note(`disk of ${server.name} is ${health.isDiskIll ? 'ill' : 'well'}`);
    }
    if (faults.has('stop') && server.isUp && random.chance(RATES.stop)) {
      this.note(`${server.name} stops`);
      void server.stop().then(
        () => this.#planRestart(server),
        (error: unknown) => {
          this.note(`${server.name} did not stop: ${String(error)}`);
          this.crash(server);
        },
      );
    }
  }

  /** Everything is well from now on. */
  async heal(): Promise<void> {
    this.note('all is well');
    this.isCalm = true;
    this.unite();
    for (const server of this.servers) {
      server.skewMs = 0;
      this.#healthOf(server).isDiskIll = false;
    }
    await this.scheduler.runUntil(() => this.servers.every((server) => server.isUp), HOUR_MS);
  }

  #healthOf(server: SimulatedServer): Health {
    return present(this.#health.get(server.name), 'every server has a health');
  }

  #planRestart(server: SimulatedServer): void {
    const health = this.#healthOf(server);
    if (health.restartPlanned) return;
    health.restartPlanned = true;
    this.scheduler.schedule(100 + this.random.quadratic(30_000), () => {
      health.restartPlanned = false;
      this.note(`start of ${server.name}`);
      void server.start().then(() => {
        if (!server.isUp) this.#planRestart(server);
      });
    });
  }

  #onError(name: string, message: string, cause: unknown): void {
    const text = storyOf(cause);
    this.note(`${name} logs: ${message}: ${text.split('\n', 1)[0]}`);
    if (isOfTheDisk(cause)) return;
    this.mishaps.push(`${name}: ${message}: ${text}`);
  }

  #diskPlan(name: string): DiskPlan {
    return {
      decide: (units) => {
        const { random } = this;
        this.commits += 1;
        const [writeMs, answerMs] = [this.writeMs.get(name) ?? 1 + random.quadratic(5), random.quadratic(2)];
        const fate = this.#fateOf(name);
        if (fate !== 'written' || this.isVerbose) this.note(`commit ${this.commits} of ${units} on ${name}: ${fate}`);
        return { fate, writeMs, answerMs };
      },
      readMs: () => (!this.isCalm && this.faults.has('reads') ? this.random.quadratic(8) : 0),
      crash: () => {
        const server = this.servers.find((one) => one.name === name);
        if (server !== undefined) this.crash(server);
      },
      isHasty: () => this.defects.get(name) === 'hasty',
    };
  }

  #fateOf(name: string): Fate {
    const given = this.fates.get(name)?.shift();
    if (given !== undefined) return given;
    if (this.fateAt?.commit === this.commits) return this.fateAt.fate;
    if (this.isCalm) return 'written';
    const isIll = this.#health.get(name)?.isDiskIll === true;
    return fateOf(this.random, { isIll, crashes: this.faults.has('crash') });
  }

  #wirePlan(): WirePlan {
    return {
      isOpen: (from, to) => this.#groups.get(from) === this.#groups.get(to),
      decide: (from, to, plain) => this.#journey(from, to, plain),
      insteadOf: (to, { target }) => {
        if (!target.startsWith(SEND)) return undefined;
        const defect = this.defects.get(to);
        if (defect === 'deaf') return { status: 200, headers: new Map(), bytes: Buffer.from('{"pdus":{}}') };
        return defect === 'stubborn' ? { status: 500, headers: new Map(), bytes: Buffer.from('{}') } : undefined;
      },
    };
  }

  #journey(from: string, to: string, plain: PlainRequest): Journey {
    const journey = this.#randomJourney(to, plain);
    const lost = journey.isLost ? ' is lost' : journey.isAnswerLost ? ': the answer is lost' : '';
    if (this.isVerbose || lost !== '') this.note(`${from} → ${to} ${plain.method} ${plain.target}${lost}`);
    return journey;
  }

  #mustLose({ target }: PlainRequest): boolean {
    return [...this.lost].some((path) => target.startsWith(path));
  }

  /** Whether the server that forges answers nonsense to who asks it for events. */
  #isMangled(to: string, { method, target }: PlainRequest): boolean {
    const isAsked = method === 'GET' || target.includes('/get_missing_events/');
    const isForger = to === this.servers.at(-1)?.name && this.faults.has('forgery');
    return isForger && isAsked && this.random.chance(RATES.mangling);
  }

  #randomJourney(to: string, plain: PlainRequest): Journey {
    const { random, faults, isCalm } = this;
    const [isLossy, isSlow] = [!isCalm && faults.has('loss'), !isCalm && faults.has('delay')];
    const isTransaction = plain.target.startsWith(SEND);
    const given = [...this.backMs].find(([what]) => `${to} ${plain.target}`.startsWith(what));
    return {
      goMs: 5 + random.quadratic(isSlow ? 5_000 : 50),
      backMs: given?.[1] ?? 5 + random.quadratic(isSlow ? 5_000 : 50),
      isLost: this.#mustLose(plain) || (isLossy && random.chance(RATES.loss)),
      isAnswerLost: isLossy && random.chance(RATES.loss),
      isReset: this.#mustLose(plain) || random.chance(0.5),
      mangled: !isCalm && this.#isMangled(to, plain) ? random.pick(['emptied', 'cut'] as const) : undefined,
      againMs:
        !isCalm && isTransaction && faults.has('duplicate') && random.chance(RATES.duplicate)
          ? random.quadratic(60_000)
          : undefined,
    };
  }
}

/** Errors that an ill disk explains. */
function isOfTheDisk(cause: unknown): boolean {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if (error.message.includes('disk-full') || error.message.includes('disk-failed')) return true;
  }
  return false;
}

/** An error with the errors behind it. */
function storyOf(cause: unknown): string {
  const lines: string[] = [];
  for (let error = cause; error !== undefined; error = error instanceof Error ? error.cause : undefined) {
    lines.push(error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error));
  }
  return lines.join('\n because ');
}

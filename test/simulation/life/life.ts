/** The life of a room on several servers: what users do while things go wrong, and its end, when all is well again. */
import { present } from '../../../src/lib/assert.ts';
import { ROOM_VERSIONS } from '../../../src/matrix/room-versions.ts';
import type { JsonObject } from '../../../src/matrix/json.ts';
import { checkLife } from '../checks/index.ts';
import { type Fault, RATES } from '../world/faults.ts';
import { at, type SimulatedUser } from '../world/user.ts';
import { type Workshop, World } from '../world/world.ts';
import { chooseAct } from './acts.ts';
import { deviceKeysOf } from './device-keys.ts';
import { forgerOf } from './forger.ts';
import { Ledger } from './ledger.ts';
import { SyncClient } from './sync-client.ts';

export interface LifeOptions {
  readonly seed: number;
  readonly servers?: number;
  readonly usersPerServer?: number;
  readonly steps?: number;
  readonly faults?: readonly Fault[];
  readonly version?: string;
  /** Whether the trace tells of every request and commit. */
  readonly isVerbose?: boolean;
  /** What happens instead of what the seed chooses, from the making of the room on, which it enters. */
  readonly script?: (life: Life) => Promise<void>;
  /** Called when the servers run, before anything happens: canaries change something here. */
  readonly prepare?: (life: Life) => void;
}

export const STEPS = 60;
/** Between two steps. */
const STEP_MS_MAX = 1_500;
const HOUR_MS = 3_600_000;
/** "doubles up to 1 h", and somewhat more by chance; then a probe, and what it lets through. */
const DRAIN_MS = 4 * HOUR_MS;
const VERSIONS = [...ROOM_VERSIONS.keys()];

export class Life {
  readonly world: World;
  readonly version: string;
  /** Whether nobody is ever kept out or loses power: then all servers end alike. */
  readonly isPeaceful: boolean;
  readonly ledger = new Ledger();
  readonly #options: LifeOptions;
  readonly #clients = new Map<string, SyncClient>();
  readonly #busy = new Set<SimulatedUser>();
  /** When a server was last seen to leave the room, or to enter it. */
  readonly movedAt = new Map<string, number>();
  #room = '';
  #keys = 0;

  private constructor(world: World, options: LifeOptions) {
    this.world = world;
    this.#options = options;
    world.isVerbose = options.isVerbose === true;
    this.version = options.version ?? world.random.pick(VERSIONS);
    this.isPeaceful = world.random.chance(0.3);
  }

  /** Lives one life. Throws where something is wrong at its end; `trace` of the error tells how that came. */
  static async live(workshop: Workshop, options: LifeOptions): Promise<Life> {
    const { seed, servers = 2 + (seed % 3), usersPerServer = seed % 8 < 4 ? 2 : 3, faults } = options;
    const world = await World.open(workshop, {
      seed,
      servers,
      usersPerServer,
      ...(faults !== undefined && { faults }),
    });
    const life = new Life(world, options);
    try {
      await life.#live();
      return life;
    } catch (error) {
      throw new LifeError(life, error);
    } finally {
      world.end();
    }
  }

  get room(): string {
    return this.#room;
  }

  /** The room that a script has made. */
  enter(room: string): void {
    this.#room = room;
  }

  clientOf(user: SimulatedUser): SyncClient {
    const client = this.#clients.get(user.id) ?? new SyncClient(user);
    this.#clients.set(user.id, client);
    return client;
  }

  /** New keys of a user's device. */
  deviceKeys(user: SimulatedUser): JsonObject {
    this.#keys += 1;
    return deviceKeysOf(user, this.#keys);
  }

  async #live(): Promise<void> {
    const { world } = this;
    const { script } = this.#options;
    if (script !== undefined) {
      this.#options.prepare?.(this);
      await world.until(script(this));
    } else await this.#chance();
    await world.heal();
    await this.#end();
    await checkLife(this);
  }

  /** A room in which the seed says what happens. */
  async #chance(): Promise<void> {
    const { world } = this;
    await this.#begin();
    this.#options.prepare?.(this);
    const forger = forgerOf(this);
    world.isCalm = false;
    for (let step = 0; step < (this.#options.steps ?? STEPS); step += 1) {
      world.disturb();
      this.#act();
      if (world.faults.has('forgery') && world.random.chance(RATES.forgery)) this.#background('forging', forger.act());
      await world.scheduler.run(world.random.quadratic(STEP_MS_MAX));
    }
  }

  /** A room that all users are in. */
  async #begin(): Promise<void> {
    const { world, version } = this;
    world.note(
      `room version ${version}, ${this.isPeaceful ? 'peaceful' : 'quarrelsome'}, ${[...world.faults].join(' ')}`,
    );
    const [creator, ...others] = world.users;
    const body = { preset: 'public_chat', room_version: version };
    const made = await world.ok(present(creator, 'there is a user').call('POST', at`/createRoom`, body));
    this.#room = made.text('room_id');
    for (const user of others) {
      await world.ok(user.call('POST', `${at`/join/${this.#room}`}?via=one.test`, {}));
    }
    const users: Record<string, number> = version === '12' ? {} : { [world.user(0).id]: 100 };
    for (const [index, user] of others.entries()) users[user.id] = index % 3 === 0 ? 50 : 0;
    const levels = { users, state_default: this.isPeaceful ? 0 : 50 };
    await world.ok(world.user(0).call('PUT', at`/rooms/${this.#room}/state/m.room.power_levels/`, levels));
    for (const user of world.users)
      await world.ok(user.call('POST', at`/keys/upload`, { device_keys: this.deviceKeys(user) }));
    await world.scheduler.run(5_000);
    for (const server of world.servers) this.#watch(server.name);
  }

  /** Notes when a server is out of the room. */
  #watch(name: string): void {
    const server = present(
      this.world.servers.find((one) => one.name === name),
      'a server of this world',
    );
    let wasIn = true;
    server.onStart(({ rooms, context }) => {
      context.stream.listen((change) => {
        if (change.kind !== 'event' || change.members === undefined) return;
        const isIn = (rooms.residentMembers(change.room)?.size ?? 0) > 0;
        if (isIn !== wasIn) this.movedAt.set(name, this.world.scheduler.nowMs);
        wasIn = isIn;
      });
    });
  }

  /** A user who does nothing just now does something. */
  #act(): void {
    const { world } = this;
    const user = world.random.pick(world.users);
    const { name, act } = chooseAct(this);
    if (this.#busy.has(user)) return;
    this.#busy.add(user);
    world.note(`${user.id}: ${name}`);
    this.#background(
      name,
      act(this, user).finally(() => this.#busy.delete(user)),
    );
  }

  #background(name: string, task: Promise<void>): void {
    task.catch((error: unknown) => this.world.mishaps.push(`${name}: ${String(error)}`));
  }

  /** Everything ends that was begun; then everybody who is there says something, twice, so that no gap stays. */
  async #end(): Promise<void> {
    const { world } = this;
    if (!(await world.scheduler.runUntil(() => this.#busy.size === 0, HOUR_MS))) throw new Error('a request hangs');
    await this.#drain();
    for (let round = 0; round < 2; round += 1) {
      for (const user of world.users) {
        const target = at`/rooms/${this.#room}/send/m.room.message/${user.nextTransaction()}`;
        const body = { msgtype: 'm.text', body: this.ledger.nextText() };
        const reply = present(await world.until(user.call('PUT', target, body)), 'all servers run');
        if (reply.isOk) this.ledger.acknowledge(user.server, reply.text('event_id'), world.scheduler.nowMs);
      }
      await this.#drain();
    }
    for (const user of world.users) while (await world.until(this.clientOf(user).sync()));
  }

  async #drain(): Promise<void> {
    const { scheduler, servers } = this.world;
    await scheduler.run(3_000);
    const isDrained = (): boolean => servers.every((server) => server.hasSentAll());
    if (await scheduler.runUntil(isDrained, DRAIN_MS)) await scheduler.run(3_000);
    else
      throw new Error(
        `P6: the queues of ${servers
          .filter((one) => !one.hasSentAll())
          .map((one) => one.name)
          .join()} do not drain`,
      );
  }
}

/** A life that ended badly. */
export class LifeError extends Error {
  readonly trace: readonly string[];

  constructor(life: Life, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`seed ${life.world.seed}, room version ${life.version}: ${text}`, { cause });
    this.trace = life.world.trace;
  }
}

/**
 * Device lists that are fetched again in the background: one at a time from each server, with pauses while it does
 * not answer.
 */
import { serverOf, type ServerName, type UserId } from '../../../matrix/ids.ts';
import type { Timer } from '../../../ports/clock.ts';
import type { Context } from '../../context.ts';

type StaleContext = Pick<Context, 'clock' | 'random' | 'log'>;

interface Source {
  readonly server: ServerName;
  /** In the order in which they are asked for. */
  readonly users: Set<UserId>;
  retryAt: number;
  pauseMs: number;
  isBusy: boolean;
}

const PAUSE_MIN_MS = 1_000;
const PAUSE_MAX_MS = 3_600_000;
const BUSY_MAX = 8;
/** A random number between 0 and 1 has so many steps. */
const SHARES = 1 << 20;

export class StaleLists {
  readonly #context: StaleContext;
  readonly #fetch: (user: UserId) => Promise<boolean>;
  readonly #sources = new Map<ServerName, Source>();
  #timer: Timer | undefined;
  #isOpen = false;
  readonly #running = new Set<Promise<void>>();

  /** `fetch` settles a list, and tells whether that has succeeded. */
  constructor(context: StaleContext, fetch: (user: UserId) => Promise<boolean>) {
    this.#context = context;
    this.#fetch = fetch;
  }

  /** Begins with these. */
  start(users: readonly UserId[]): void {
    this.#isOpen = true;
    for (const user of users) this.add(user);
  }

  /** Begins no more, and waits for what has begun. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#timer?.cancel();
    await Promise.all(this.#running);
  }

  /** The user's list is to be fetched. */
  add(user: UserId): void {
    const server = serverOf(user);
    if (server === undefined || !this.#isOpen) return;
    let source = this.#sources.get(server);
    if (source === undefined) {
      source = { server, users: new Set(), retryAt: 0, pauseMs: 0, isBusy: false };
      this.#sources.set(server, source);
    }
    source.users.add(user);
    this.#pump();
  }

  /** The server has shown that it is there. */
  wake(server: ServerName): void {
    const source = this.#sources.get(server);
    if (source === undefined || source.pauseMs === 0) return;
    [source.retryAt, source.pauseMs] = [0, 0];
    this.#pump();
  }

  #pump(): void {
    if (!this.#isOpen) return;
    const now = this.#context.clock.now();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const source of this.#sources.values()) {
      if (source.isBusy) continue;
      if (source.retryAt > now) nextAt = Math.min(nextAt, source.retryAt);
      else if (this.#running.size < BUSY_MAX) this.#begin(source);
    }
    this.#timer?.cancel();
    if (nextAt === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#context.clock.schedule(Math.min(nextAt - now, PAUSE_MAX_MS), () => this.#pump());
  }

  #begin(source: Source): void {
    source.isBusy = true;
    const run = this.#run(source);
    this.#running.add(run);
    void run.then(() => {
      this.#running.delete(run);
      source.isBusy = false;
      if (source.users.size === 0) this.#sources.delete(source.server);
      this.#pump();
    });
  }

  async #run(source: Source): Promise<void> {
    const [user] = source.users;
    if (user === undefined) return;
    // One that comes while this is fetched is fetched once more.
    source.users.delete(user);
    if (await this.#settle(user)) [source.pauseMs, source.retryAt] = [0, 0];
    else this.#pause(source, user);
  }

  async #settle(user: UserId): Promise<boolean> {
    try {
      return await this.#fetch(user);
    } catch (error) {
      // The one boundary of this work: other lists go on, and this one is tried again.
      this.#context.log.error('a device list could not be settled', error, { user });
      return false;
    }
  }

  #pause(source: Source, user: UserId): void {
    const { clock, random } = this.#context;
    source.users.add(user);
    source.pauseMs = Math.min(Math.max(source.pauseMs * 2, PAUSE_MIN_MS), PAUSE_MAX_MS);
    source.retryAt = clock.now() + Math.round(source.pauseMs * (0.9 + 0.2 * (random.integer(SHARES) / SHARES)));
  }
}

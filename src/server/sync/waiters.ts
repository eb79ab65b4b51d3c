/** Long polls that wait for news. Wake-ups are coalesced: one a turn, however much changed. */
import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { Clock } from '../../ports/clock.ts';

export interface Waiter {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly timeoutMs: number;
  /** Aborts when the client has gone: its waiter is freed at once. */
  readonly signal: AbortSignal;
  /** Where a later request may take the place of this one. */
  readonly turn?: { whenOver(wake: (() => void) | undefined): void };
  wake(): void;
}

/** Waiters woken in one go before other work gets its turn. */
const SLICE = 64;

export class Waiters {
  readonly #clock: Clock;
  readonly #byUser = new Map<UserId, Set<Waiter>>();
  #pending = new Set<Waiter>();
  #scheduled = false;
  #size = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
  }

  /** Resolves at the first wake-up, at the end of the time, or when the client has gone. */
  wait(waiting: Omit<Waiter, 'wake'>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(waiting.timeoutMs, () => waiter.wake());
      const waiter: Waiter = {
        ...waiting,
        wake: () => {
          if (!this.#remove(waiter)) return;
          timer.cancel();
          waiting.signal.removeEventListener('abort', waiter.wake);
          waiting.turn?.whenOver(undefined);
          resolve();
        },
      };
      waiting.signal.addEventListener('abort', waiter.wake, { once: true });
      const set = this.#byUser.get(waiting.user) ?? new Set<Waiter>();
      this.#byUser.set(waiting.user, set.add(waiter));
      this.#size += 1;
      waiting.turn?.whenOver(waiter.wake);
      if (waiting.signal.aborted) waiter.wake();
    });
  }

  #remove(waiter: Waiter): boolean {
    const set = this.#byUser.get(waiter.user);
    if (set?.delete(waiter) !== true) return false;
    if (set.size === 0) this.#byUser.delete(waiter.user);
    this.#pending.delete(waiter);
    this.#size -= 1;
    return true;
  }

  /** Wakes the user's waiters at the end of this turn. */
  wake(user: UserId): void {
    for (const waiter of this.#byUser.get(user) ?? []) this.#pending.add(waiter);
    this.#schedule();
  }

  wakeDevice(user: UserId, device: DeviceId): void {
    for (const waiter of this.#byUser.get(user) ?? []) if (waiter.device === device) this.#pending.add(waiter);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#pending.size === 0) return;
    this.#scheduled = true;
    this.#clock.schedule(0, () => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const waiters = [...this.#pending];
    for (const waiter of waiters.slice(0, SLICE)) waiter.wake();
    for (const waiter of waiters.slice(SLICE)) this.#pending.add(waiter);
    this.#schedule();
  }
}

/** One direction of a line: a queue before a rate, a delay, and loss. Pure; time and chance are arguments. */

export interface PipeSettings {
  readonly delayMs: number;
  /** Share of packets that are lost, 0 to 1. */
  readonly loss?: number;
  /** No limit unless given. */
  readonly kbps?: number;
  /** The queue before the rate, in milliseconds or in bytes; 300 ms unless given. */
  readonly queueMs?: number;
  readonly queueBytes?: number;
  /** Nothing passes for so long, once in every period. */
  readonly blackout?: { readonly everyMs: number; readonly forMs: number };
  /** Whether nothing passes at all. */
  readonly isCut?: boolean;
}

export type Passage = { readonly kind: 'arrives'; readonly at: number } | { readonly kind: 'loss' | 'queue' | 'cut' };

const QUEUE_MS = 300;

export class Pipe {
  #settings: PipeSettings;
  #freeAt = 0;

  constructor(settings: PipeSettings) {
    this.#settings = settings;
  }

  get delayMs(): number {
    return this.#settings.delayMs;
  }

  /** Changes the line; what is on its way stays on it. */
  set(settings: PipeSettings): void {
    this.#settings = settings;
  }

  /** Sends a packet into the line. `chance` is uniform in [0, 1). */
  offer(now: number, sizeBytes: number, chance: number): Passage {
    const { delayMs, loss = 0, kbps, blackout, isCut } = this.#settings;
    if (isCut === true || (blackout !== undefined && now % blackout.everyMs < blackout.forMs)) return { kind: 'cut' };
    if (kbps === undefined) return chance < loss ? { kind: 'loss' } : { kind: 'arrives', at: now + delayMs };
    const start = Math.max(now, this.#freeAt);
    if (start - now > this.#queueMs(kbps, sizeBytes)) return { kind: 'queue' };
    // A packet that is lost behind the queue has taken its place in it.
    this.#freeAt = start + (sizeBytes * 8) / kbps;
    return chance < loss ? { kind: 'loss' } : { kind: 'arrives', at: this.#freeAt + delayMs };
  }

  #queueMs(kbps: number, sizeBytes: number): number {
    const { queueMs, queueBytes } = this.#settings;
    if (queueBytes !== undefined) return (Math.max(0, queueBytes - sizeBytes) * 8) / kbps;
    return queueMs ?? QUEUE_MS;
  }
}

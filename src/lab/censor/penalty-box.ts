/** Who is punished for a while for what was seen before. Pure. */

/** At most so many are remembered; the oldest is forgotten first. */
const ENTRIES_MAX = 8_192;

export class PenaltyBox {
  readonly #until = new Map<string, number>();
  readonly #residualMs: number;

  constructor(residualMs: number) {
    this.#residualMs = residualMs;
  }

  put(key: string, now: number): void {
    if (this.#residualMs <= 0) return;
    if (this.#until.size >= ENTRIES_MAX) {
      const [oldest] = this.#until.keys();
      if (oldest !== undefined) this.#until.delete(oldest);
    }
    this.#until.delete(key);
    this.#until.set(key, now + this.#residualMs);
  }

  has(key: string, now: number): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (now < until) return true;
    this.#until.delete(key);
    return false;
  }
}

/** Client, server and port of the server: what a residual block of the border is about. */
export function threeTuple(flow: { readonly client: string; readonly server: string; readonly serverPort: number }) {
  return `${flow.client} ${flow.server} ${flow.serverPort}`;
}

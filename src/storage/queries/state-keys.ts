import type { StatePair } from '../../ports/store/index.ts';
import { type Database, integerOf, type StatementSink } from '../database.ts';

const FIND = 'SELECT key FROM state_keys WHERE type = ? AND state_key = ?';
const INTERN = `INSERT INTO state_keys (type, state_key)
  SELECT CAST(? AS TEXT), CAST(? AS TEXT)
  WHERE NOT EXISTS (SELECT 1 FROM state_keys WHERE type = ? AND state_key = ?)`;
const CACHED_MAX = 50_000;

/** One string per pair; the length in front keeps pairs apart whatever they hold. */
function cacheKey(pair: StatePair): string {
  return `${pair.type.length}:${pair.type}${pair.stateKey}`;
}

/**
 * The numbers of (type, state_key) pairs: one number a pair for the whole server, given by the database when the pair
 * is first written. The cache holds what is durable, so a pair whose transaction failed is simply written again.
 */
export class StateKeys {
  readonly #database: Database;
  /** `undefined`: durable, number not read yet. */
  readonly #cache = new Map<string, number | undefined>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The number of each pair, in order; `undefined` for a pair that no state ever had. */
  async numbersOf(pairs: readonly StatePair[]): Promise<(number | undefined)[]> {
    return Promise.all(pairs.map((pair) => this.#numberOf(pair)));
  }

  async #numberOf(pair: StatePair): Promise<number | undefined> {
    const cached = this.#cache.get(cacheKey(pair));
    if (cached !== undefined) return cached;
    const [row] = await this.#database.all(FIND, pair.type, pair.stateKey);
    if (row === undefined) return undefined;
    const number = integerOf(row, 'key');
    this.#remember(pair, number);
    return number;
  }

  /** Queues what makes the pair exist, unless it is known to. */
  intern(sink: StatementSink, pair: StatePair): void {
    if (this.#cache.has(cacheKey(pair))) return;
    sink.run(INTERN, pair.type, pair.stateKey, pair.type, pair.stateKey);
    sink.onDurable(() => {
      if (!this.#cache.has(cacheKey(pair))) this.#remember(pair, undefined);
    });
  }

  #remember(pair: StatePair, number: number | undefined): void {
    if (this.#cache.size >= CACHED_MAX) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest);
        break;
      }
    }
    this.#cache.set(cacheKey(pair), number);
  }
}

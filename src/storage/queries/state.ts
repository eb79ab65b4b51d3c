import { assert } from '../../lib/assert.ts';
import type {
  EventNumber,
  LineNumber,
  RoomNumber,
  StateEntry,
  StatePair,
  StateReference,
} from '../../ports/store/index.ts';
import { type Database, integerOf, type Row } from '../database.ts';
import { eventIn } from './columns.ts';
import { entryOf, lineOf } from './room-rows.ts';
import type { StateKeys } from './state-keys.ts';

const CURRENT = `SELECT c.event, k.type, k.state_key FROM current_state c JOIN state_keys k ON k.key = c.key
  WHERE c.room = ?`;
const CURRENT_ENTRIES = `${CURRENT} AND c.key IN @numbers`;
// Only member events have a membership but 0: the partial index leaves the few other entries of a room.
const CURRENT_OF_TYPE = `${CURRENT} AND c.membership = 0 AND k.type = ?`;
const CURRENT_CORE = `${CURRENT} AND c.membership = 0`;
const CURRENT_MEMBERS = `${CURRENT} AND c.membership > 0`;

const LINE = 'SELECT line, room, parent_line, parent_position, head FROM state_lines WHERE line = ?';
// "State at an event = per key the latest entry with position <= its position." The plus keeps the planner on the
// primary key, whose order is the one of the groups; the value is one seek a key.
const WHOLE_AT = `SELECT g.key, (SELECT l.event FROM state_log l
    WHERE l.line = ? AND l.key = g.key AND l.position = g.position) AS event, k.type, k.state_key
  FROM (SELECT key, max(position) AS position FROM state_log WHERE line = ? AND +position <= ? GROUP BY key) g
  JOIN state_keys k ON k.key = g.key`;
const ENTRIES_AT = `SELECT k.key, k.type, k.state_key, (SELECT l.event FROM state_log l
    WHERE l.line = ? AND l.key = k.key AND l.position <= ? ORDER BY l.position DESC LIMIT 1) AS event
  FROM state_keys k WHERE k.key IN @numbers`;
const HISTORY = 'SELECT position, event FROM state_log WHERE line = ? AND key = ? ORDER BY position';
const CHANGES = `SELECT g.key, (SELECT l.event FROM state_log l
    WHERE l.line = ? AND l.key = g.key AND l.position = g.position) AS event, k.type, k.state_key
  FROM (SELECT key, max(position) AS position FROM state_log WHERE line = ? AND position > ? AND position <= ?
    GROUP BY key) g
  JOIN state_keys k ON k.key = g.key`;

/** Chains deeper than this are written out in full by the owner of the log; the bound only stops a loop. */
const CHAIN_MAX = 64;
const PARENTS_MAX = 50_000;

/** Reads of current state and of the state log. */
export class StateQueries {
  readonly #database: Database;
  readonly #keys: StateKeys;
  /** Where a line began never changes. */
  readonly #parents = new Map<LineNumber, StateReference | undefined>();

  constructor(database: Database, keys: StateKeys) {
    this.#database = database;
    this.#keys = keys;
  }

  async current(room: RoomNumber, pairs?: readonly StatePair[]): Promise<StateEntry[]> {
    if (pairs === undefined) return (await this.#database.all(CURRENT, room)).map(entryOf);
    const numbers = await this.#knownNumbers(pairs);
    if (numbers.length === 0) return [];
    return (await this.#database.all(CURRENT_ENTRIES, room, numbers)).map(entryOf);
  }

  async currentOfType(room: RoomNumber, type: string): Promise<StateEntry[]> {
    const rows =
      type === 'm.room.member'
        ? await this.#database.all(CURRENT_MEMBERS, room)
        : await this.#database.all(CURRENT_OF_TYPE, room, type);
    return rows.map(entryOf);
  }

  async currentWithoutMembers(room: RoomNumber): Promise<StateEntry[]> {
    return (await this.#database.all(CURRENT_CORE, room)).map(entryOf);
  }

  async history(line: LineNumber, pair: StatePair): Promise<{ position: number; event: EventNumber }[]> {
    const [key] = await this.#knownNumbers([pair]);
    if (key === undefined) return [];
    const rows = await this.#database.all(HISTORY, line, key);
    return rows.map((row) => ({
      position: integerOf(row, 'position'),
      event: eventIn(row),
    }));
  }

  async at(reference: StateReference, pairs?: readonly StatePair[]): Promise<StateEntry[]> {
    const numbers = pairs === undefined ? undefined : await this.#knownNumbers(pairs);
    if (numbers?.length === 0) return [];
    const found = new Map<number, Row>();
    for (const { line, position } of await this.#chain(reference)) {
      const missing = numbers?.filter((number) => !found.has(number));
      if (missing?.length === 0) break;
      const rows =
        missing === undefined
          ? await this.#database.all(WHOLE_AT, line, line, position)
          : await this.#database.all(ENTRIES_AT, line, position, missing);
      for (const row of rows) {
        const key = integerOf(row, 'key');
        if (row['event'] !== null && !found.has(key)) found.set(key, row);
      }
    }
    // An entry with event 0 says that the key left the state.
    return [...found.values()].filter((row) => row['event'] !== 0).map(entryOf);
  }

  async changes(line: LineNumber, from: number, to: number): Promise<StateEntry[]> {
    const rows = await this.#database.all(CHANGES, line, line, from, to);
    return rows.map(entryOf);
  }

  /** The reference and those it falls through to, nearest first. */
  async #chain(reference: StateReference): Promise<StateReference[]> {
    const chain = [reference];
    for (let at = reference; chain.length <= CHAIN_MAX; ) {
      const parent = await this.#parentOf(at.line);
      if (parent === undefined) return chain;
      chain.push(parent);
      at = parent;
    }
    assert(false, 'the chain of a line ends');
  }

  async #parentOf(line: LineNumber): Promise<StateReference | undefined> {
    if (this.#parents.has(line)) return this.#parents.get(line);
    const [row] = await this.#database.all(LINE, line);
    if (row === undefined) return undefined;
    const { parent } = lineOf(row);
    if (this.#parents.size >= PARENTS_MAX) this.#parents.clear();
    this.#parents.set(line, parent);
    return parent;
  }

  async #knownNumbers(pairs: readonly StatePair[]): Promise<number[]> {
    const numbers = await this.#keys.numbersOf(pairs);
    return [...new Set(numbers.filter((number) => number !== undefined))];
  }
}

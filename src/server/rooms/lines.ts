/** The lines of one room's state: where each began, how deep it lies, and how far it goes (PERFORMANCE §3.2). */
import { assert, present } from '../../lib/assert.ts';
import type { LineNumber, StateLine, StateReference } from '../../ports/store/index.ts';

/** "Chain depth ≤ 16; the line that would be deeper is written out in full." */
export const LINE_DEPTH_MAX = 16;

interface Line {
  readonly parent: StateReference | undefined;
  /** Lines that a read falls through at most; 0 for a line that stands alone. */
  readonly depth: number;
  head: number;
}

export class Lines {
  readonly #lines = new Map<LineNumber, Line>();

  /** From the rows of a room, in any order. */
  constructor(rows: readonly StateLine[]) {
    const byLine = new Map(rows.map((row) => [row.line, row]));
    for (const row of rows) {
      const waiting: StateLine[] = [];
      for (let at: StateLine | undefined = row; at !== undefined && !this.#lines.has(at.line); ) {
        waiting.push(at);
        at = at.parent === undefined ? undefined : present(byLine.get(at.parent.line), 'the parent of a line exists');
      }
      for (const line of waiting.reverse()) this.open(line);
    }
  }

  /** Takes a new line in. */
  open({ line, parent, head }: Omit<StateLine, 'room'>): void {
    const depth = parent === undefined ? 0 : this.#get(parent.line).depth + 1;
    assert(depth <= LINE_DEPTH_MAX, 'a deeper line is written out in full');
    this.#lines.set(line, { parent, depth, head });
  }

  #get(line: LineNumber): Line {
    return present(this.#lines.get(line), 'the line belongs to the room');
  }

  /** Moves the head of a line on. */
  append(line: LineNumber, position: number): void {
    const known = this.#get(line);
    assert(position === known.head + 1, 'only the head of a line is appended to');
    known.head = position;
  }

  isHead({ line, position }: StateReference): boolean {
    return this.#get(line).head === position;
  }

  /** Whether a line that begins at `parent` may fall through to it. */
  mayContinue(parent: StateReference): boolean {
    return this.#get(parent.line).depth < LINE_DEPTH_MAX;
  }

  /** The reference and those it falls through to, nearest first. */
  chainOf(reference: StateReference): StateReference[] {
    const chain: StateReference[] = [];
    for (let at: StateReference | undefined = reference; at !== undefined; at = this.#get(at.line).parent)
      chain.push(at);
    return chain;
  }
}

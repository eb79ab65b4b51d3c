/**
 * Globs of Matrix: `*` matches zero or more characters, `?` exactly one. Push rules, server ACLs, aliases and
 * filters all take patterns from other people, so none becomes a regular expression.
 *
 * A pattern is cut at its stars into pieces. Each piece is looked for once, from left to right, so that nothing is
 * ever tried in combination.
 */
import { utf8Encode } from './bytes.ts';
import { type Found, Piece } from './glob-piece.ts';

/** Longest pattern that is matched at all: with it 64 KiB of text take some 25 milliseconds at worst. */
export const GLOB_PATTERN_BYTES_MAX = 1024;

/** "Any character not in the sets `[A-Z]`, `[a-z]`, `[0-9]` or `_`." */
function isWordUnit(unit: number): boolean {
  return (
    (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a) || unit === 0x5f
  );
}

function isBoundaryBefore(text: string, at: number): boolean {
  return at === 0 || !isWordUnit(text.charCodeAt(at - 1));
}

function isBoundaryAfter(text: string, at: number): boolean {
  return at === text.length || !isWordUnit(text.charCodeAt(at));
}

/** A pattern made ready for many texts. Case-sensitive: fold both sides first where case must not count. */
export class Glob {
  /** What stands between the stars; one piece when there is none. `undefined` for a pattern that is too long. */
  readonly #pieces: readonly Piece[] | undefined;

  constructor(pattern: string) {
    const isTooLong =
      pattern.length > GLOB_PATTERN_BYTES_MAX ||
      (pattern.length * 3 > GLOB_PATTERN_BYTES_MAX && utf8Encode(pattern).length > GLOB_PATTERN_BYTES_MAX);
    this.#pieces = isTooLong ? undefined : pattern.split('*').map((text) => new Piece(text));
  }

  /** Whether the pattern matches the whole of `text`. */
  matches(text: string): boolean {
    const pieces = this.#pieces;
    const first = pieces?.[0];
    if (pieces === undefined || first === undefined) return false;
    const at = first.endAt(text, 0);
    if (pieces.length === 1) return at === text.length;
    const from = this.#throughTheMiddle(text, at);
    return from >= 0 && pieces.at(-1)?.isEndOf(text, from) === true;
  }

  /** Whether the pattern matches "any substring … which starts and ends at a word boundary". */
  matchesWords(text: string): boolean {
    const pieces = this.#pieces;
    const first = pieces?.[0];
    if (pieces === undefined || first === undefined) return false;
    const starts = ({ start }: Found) => isBoundaryBefore(text, start);
    const ends = ({ end }: Found) => isBoundaryAfter(text, end);
    if (pieces.length === 1) return first.find(text, 0, (found) => starts(found) && ends(found)) !== undefined;
    // A star at either end reaches out to the end of the text, which is a boundary.
    const at = first.isEmpty ? 0 : (first.find(text, 0, starts)?.end ?? -1);
    const from = this.#throughTheMiddle(text, at);
    const last = pieces.at(-1);
    return from >= 0 && (last === undefined || last.isEmpty || last.find(text, from, ends) !== undefined);
  }

  /** Where the pieces between the first and the last end, each at its first place; -1 when one has none. */
  #throughTheMiddle(text: string, from: number): number {
    const pieces = this.#pieces ?? [];
    let at = from;
    for (let i = 1; i < pieces.length - 1 && at >= 0; i += 1) at = pieces[i]?.find(text, at)?.end ?? -1;
    return at;
  }
}

/** Whether `pattern` matches the whole of `text`, case-sensitively. For many texts make a {@link Glob} once. */
export function matchesGlob(pattern: string, text: string): boolean {
  return new Glob(pattern).matches(text);
}

/** Whether `pattern` has a wildcard at all. */
export function isGlob(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?');
}

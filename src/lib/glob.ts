/**
 * Globs of Matrix: `*` matches zero or more characters, `?` exactly one. Push rules, server ACLs, aliases and
 * filters all take patterns from other people, so none becomes a regular expression.
 */

/** Longest pattern that is matched at all: bounds the worst case, text × pattern, to a few milliseconds. */
export const GLOB_PATTERN_BYTES_MAX = 1024;

const STAR = 0x2a;
const QUESTION = 0x3f;

/**
 * Whether `pattern` matches the whole of `text`, case-sensitively. Two pointers, no recursion, no allocation: on a
 * mismatch it returns to the last star only. A pattern over {@link GLOB_PATTERN_BYTES_MAX} units matches nothing.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  if (pattern.length > GLOB_PATTERN_BYTES_MAX) return false;
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const unit = pattern.charCodeAt(inPattern);
    if (unit === STAR) {
      star = inPattern;
      starAt = at;
      inPattern += 1;
    } else if (unit === QUESTION) {
      at += unitsAt(text, at);
      inPattern += 1;
    } else if (unit === text.charCodeAt(at)) {
      at += 1;
      inPattern += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      inPattern = star + 1;
    } else return false;
  }
  while (pattern.charCodeAt(inPattern) === STAR) inPattern += 1;
  return inPattern === pattern.length;
}

/** UTF-16 units of the character at `at`: `?` takes a surrogate pair whole. */
function unitsAt(text: string, at: number): number {
  const isPair = (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
  return isPair ? 2 : 1;
}

/** Whether `pattern` has a wildcard at all. */
export function isGlob(pattern: string): boolean {
  return pattern.includes('*') || pattern.includes('?');
}

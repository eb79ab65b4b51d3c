/** Joins JSON texts into the text of an array. */
export function joinTexts(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}

/** The form in which names are compared: compatibility-normalised and lower-cased. */
export function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/** The `LIKE` pattern (with `\` as escape) of everything that holds `text`. */
export function holdsPattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

/** What is searched in a profile field's JSON value: the folded text, or nothing for other values. */
export function foldedField(field: string, valueJson: string): string | undefined {
  if (field !== 'displayname') return undefined;
  const value: unknown = JSON.parse(valueJson);
  return typeof value === 'string' ? foldText(value) : undefined;
}

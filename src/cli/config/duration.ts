/** Times as people write them in the configuration. */

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);

/** Milliseconds of a text such as `90s`, `12h` or `30d`; `undefined` for any other text. */
export function durationMs(text: string): number | undefined {
  const [, count, unit = ''] = /^([0-9]{1,6})([smhdw])$/.exec(text) ?? [];
  const factor = UNITS.get(unit);
  return factor === undefined ? undefined : Number(count) * factor;
}

/**
 * The ratchet: what was already wrong when a rule came may stay, but not grow, and nothing may join it.
 * The file holds, for each rule, key → value; a key that is gone is taken out at the next update.
 */
import type { Finding } from './source.ts';

export type Baseline = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Rules without a ratchet: nothing of the kind may stand anywhere. */
const NEVER = new Set([
  'any',
  'non-null',
  'default-export',
  'banned-word',
  'regexp-from-input',
  'logged-secret',
  'todo',
  'file-length-hard',
  'layers',
  'packages',
  'lockfile',
  'licence',
]);

export interface Verdict {
  /** Worse than the baseline, or of a kind that has none. */
  readonly errors: readonly Finding[];
  /** What the baseline lets stand. */
  readonly standing: readonly Finding[];
  /** `rule key` of rows that could be lowered or dropped. */
  readonly better: readonly string[];
}

/** Several findings under one key count as one with their sum. */
function merge(findings: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>();
  for (const one of findings) {
    const id = `${one.rule} ${one.key}`;
    const before = merged.get(id);
    merged.set(id, before === undefined ? one : { ...before, value: before.value + one.value });
  }
  return [...merged.values()];
}

/** Judges findings against the baseline. */
export function judge(findings: readonly Finding[], baseline: Baseline): Verdict {
  const errors: Finding[] = [];
  const standing: Finding[] = [];
  const seen = new Map<string, number>();
  for (const one of merge(findings)) {
    const before = NEVER.has(one.rule) ? undefined : baseline[one.rule]?.[one.key];
    seen.set(`${one.rule} ${one.key}`, one.value);
    if (before !== undefined && one.value <= before) standing.push(one);
    else if (before === undefined) errors.push(one);
    else errors.push({ ...one, message: `${one.message} It was ${before} and may not grow.` });
  }
  const better: string[] = [];
  for (const [rule, rows] of Object.entries(baseline)) {
    for (const [key, value] of Object.entries(rows)) {
      if ((seen.get(`${rule} ${key}`) ?? 0) < value) better.push(`${rule} ${key}`);
    }
  }
  return { errors, standing, better };
}

/** The next baseline: only downwards, unless `accept` takes in what is new (never for rules without a ratchet). */
export function lower(findings: readonly Finding[], baseline: Baseline, accept: boolean): Baseline {
  const rows = new Map<string, Map<string, number>>();
  for (const one of merge(findings)) {
    if (NEVER.has(one.rule)) continue;
    const before = baseline[one.rule]?.[one.key];
    if (before === undefined && !accept) continue;
    const value = accept || before === undefined ? one.value : Math.min(before, one.value);
    const rule = rows.get(one.rule) ?? new Map<string, number>();
    rule.set(one.key, value);
    rows.set(one.rule, rule);
  }
  const sorted = [...rows].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([rule, keys]) => [rule, Object.fromEntries([...keys].toSorted(([a], [b]) => (a < b ? -1 : 1)))]),
  );
}

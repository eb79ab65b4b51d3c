/** What the cells that every change is held by must come to. Pure. */
import type { Result } from '../run/results.ts';

/** By option, the mechanisms of the short matrix that it does not survive. */
const FAILS: ReadonlyMap<string, readonly string[]> = new Map([
  // Its name is asked for, and shown, across the border.
  ['1', ['dns', 'sni-rst']],
  // The server abroad shows the name when it calls.
  ['2', ['sni-rst']],
  ['3', ['sni-rst', 'icp-sni']],
  ['4', ['sni-rst', 'icp-sni']],
  ['4t', []],
]);

/** Cells that came to something else, each with what it should have been. */
export function findSurprises(results: readonly Result[]): string[] {
  return results.flatMap((one) => {
    const fails = one.kind === 'cell' ? FAILS.get(one.option) : undefined;
    if (one.kind !== 'cell' || fails === undefined) return [];
    const isMeant = one.survived !== fails.includes(one.mechanism);
    return isMeant ? [] : [`${one.option} against ${one.mechanism} ${one.survived ? 'survived' : 'failed'}`];
  });
}

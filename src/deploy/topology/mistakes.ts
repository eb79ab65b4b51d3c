/** What can be wrong with a topology, by name; each has a text in every catalogue. */
import type { TopologyTexts } from '../../text/topology/index.ts';

export type MistakeName = keyof TopologyTexts['mistakes'];
export type AllowedName = keyof TopologyTexts['allowed'];

export interface Mistake {
  /** Keys from the root: `['nodes', 'home', 'listen', '0']`. */
  readonly path: readonly string[];
  readonly name: MistakeName;
  /** Values that the text names; `found` is what stands there. */
  readonly values: Readonly<Record<string, string | number>>;
  /** What may stand there instead, where that can be said of the place alone. */
  readonly allowed?: { readonly name: AllowedName; readonly values: Readonly<Record<string, string>> };
}

/** What one check adds to the mistakes. */
export type Note = (path: readonly string[], name: MistakeName, values?: Mistake['values']) => void;

/** A value as a mistake shows it: JSON, and not more than a line of it. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** `['nodes', 'home', 'listen', '0']` → `nodes.home.listen[0]` */
export function showPath(path: readonly string[]): string {
  const text = path.map((one) => (/^[0-9]+$/.test(one) ? `[${one}]` : `.${one.slice(0, 80)}`)).join('');
  return text.replace(/^\./, '');
}

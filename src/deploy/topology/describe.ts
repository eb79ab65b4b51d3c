/** Mistakes as sentences: where, what was found, what is allowed. */
import { fill } from '../../text/cli/index.ts';
import type { TopologyTexts } from '../../text/topology/index.ts';
import { type Mistake, showPath } from './mistakes.ts';

/** One mistake in words, behind the path of its key. */
export function mistakeText({ path, name, values, allowed }: Mistake, texts: TopologyTexts): string {
  const said = fill(texts.mistakes[name], values);
  const where = path.length === 0 ? texts.theTopology : showPath(path);
  const text = allowed === undefined ? said : withAllowed(said, allowed, texts);
  return `${where} ${text}`;
}

function withAllowed(text: string, allowed: NonNullable<Mistake['allowed']>, texts: TopologyTexts): string {
  return fill(texts.allowedIs, { text, allowed: fill(texts.allowed[allowed.name], allowed.values) });
}

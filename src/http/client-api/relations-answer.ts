import type { Caller } from '../../server/accounts/index.ts';
import { formatToken, parseToken, RECURSION_DEPTH, type Surroundings } from '../../server/timeline/index.ts';
import { JsonText } from '../kit/answer.ts';
import { requireEventId, requireRoomId } from './client-route.ts';
import { joinTexts } from './json-texts.ts';

interface RelationsCall {
  readonly caller: Caller;
  readonly path: Readonly<Record<string, string>>;
  readonly query: { from?: string; to?: string; limit?: number; dir?: 'b' | 'f'; recurse?: boolean };
}

/** The answer of the three relations endpoints, which differ only in how much their path says. */
export async function relationsAnswer(
  surroundings: Surroundings,
  { caller, path, query }: RelationsCall,
): Promise<JsonText> {
  const page = await surroundings.pageRelations(caller, requireRoomId(path['roomId']), {
    parent: requireEventId(path['eventId']),
    relType: path['relType'],
    type: path['eventType'],
    from: query.from === undefined ? undefined : parseToken(query.from),
    to: query.to === undefined ? undefined : parseToken(query.to),
    direction: query.dir === 'f' ? 'forwards' : 'backwards',
    limit: query.limit ?? 5,
    depth: query.recurse === true ? RECURSION_DEPTH : 1,
  });
  const next = page.next === undefined ? '' : `,"next_batch":"${formatToken(page.next)}"`;
  const depth = query.recurse === true ? `,"recursion_depth":${page.depth}` : '';
  return new JsonText(`{"chunk":${joinTexts(page.chunk)}${next}${depth}}`);
}

/** History visibility (client-server API, "Room History Visibility"). */
import { getString, type JsonObject } from '../../matrix/json.ts';

export type HistoryVisibility = 'world_readable' | 'shared' | 'invited' | 'joined';

const KNOWN: ReadonlySet<string> = new Set(['world_readable', 'shared', 'invited', 'joined']);

/** "By default if no history_visibility is set, or if the value is not understood, the visibility is assumed to be shared." */
export function readHistoryVisibility(content: JsonObject): HistoryVisibility {
  const value = getString(content, 'history_visibility') ?? '';
  return KNOWN.has(value) ? (value as HistoryVisibility) : 'shared';
}

/** Whether a user may see an event, by the room's state at it and by whether the user joins later. */
export function isVisible(at: { visibility: HistoryVisibility; membership: string; joinsLater: boolean }): boolean {
  if (at.visibility === 'world_readable' || at.membership === 'join') return true;
  if (at.visibility === 'shared') return at.joinsLater;
  return at.visibility === 'invited' && at.membership === 'invite';
}

/** Who may see an event. `content/client-server-api/modules/history_visibility.md`. */
import type { Pdu } from '../../matrix/events.ts';
import { getString } from '../../matrix/json.ts';

export type HistoryVisibility = 'world_readable' | 'shared' | 'invited' | 'joined';

/** "If no `history_visibility` is set, or if the value is not understood, the visibility is assumed to be `shared`." */
export function parseHistoryVisibility(value: unknown): HistoryVisibility {
  return value === 'world_readable' || value === 'invited' || value === 'joined' ? value : 'shared';
}

/** The history visibility that a state event sets, or the default where there is none. */
export function historyVisibilityOf(event: Pick<Pdu, 'content'> | undefined): HistoryVisibility {
  return parseHistoryVisibility(getString(event?.content, 'history_visibility'));
}

/** An event and what the state said right before it. */
export interface EventAtState {
  readonly event: Pick<Pdu, 'type' | 'stateKey' | 'content'>;
  readonly visibility: HistoryVisibility;
}

export interface UserView extends EventAtState {
  readonly userId: string;
  /** The user's membership in the state before the event; `undefined` when there was none. */
  readonly membership: string | undefined;
  /** Whether "the user joined the room at any point after the event was sent". */
  readonly joinedLater: boolean;
}

/** The five rules, for one visibility and one membership. */
function isAllowed(visibility: HistoryVisibility, membership: string | undefined, joinedLater: boolean): boolean {
  // "If the `history_visibility` was set to `world_readable`, allow. If the user's `membership` was `join`, allow."
  if (visibility === 'world_readable' || membership === 'join') return true;
  // "If `history_visibility` was set to `shared`, and the user joined the room at any point after the event was sent,
  // allow."
  if (visibility === 'shared') return joinedLater;
  // "If the user's `membership` was `invite`, and the `history_visibility` was set to `invited`, allow. Otherwise,
  // deny."
  return visibility === 'invited' && membership === 'invite';
}

/** Before and, for an event that changes it, after: "before *or* after the event would allow them to see it". */
function visibilities({ event, visibility }: EventAtState): HistoryVisibility[] {
  const changes = event.type === 'm.room.history_visibility' && event.stateKey === '';
  return changes ? [visibility, historyVisibilityOf(event)] : [visibility];
}

/** Whether a user may see an event. */
export function isVisible(view: UserView): boolean {
  const { event, userId, membership, joinedLater } = view;
  const memberships = [membership];
  // "Likewise, for the user's own `m.room.member` events".
  if (event.type === 'm.room.member' && event.stateKey === userId) {
    memberships.push(getString(event.content, 'membership'));
  }
  return visibilities(view).some((visibility) => memberships.some((each) => isAllowed(visibility, each, joinedLater)));
}

export interface ServerView extends EventAtState {
  /** The memberships that users of the server had in the state before the event. */
  readonly memberships: Iterable<string>;
  /** Whether the event is about a user of the server, who sees "the user's own `m.room.member` events". */
  readonly isOwnMember: boolean;
  /** Whether a user of the server is joined now. */
  readonly isInRoom: boolean;
}

/**
 * Whether a server may have an event: when one of its users may see it. Under `shared` any user of theirs who is joined
 * may.
 */
export function isVisibleToServer(view: ServerView): boolean {
  const memberships: (string | undefined)[] = [...view.memberships];
  if (view.isOwnMember) memberships.push(getString(view.event.content, 'membership'));
  if (memberships.length === 0) memberships.push(undefined);
  return visibilities(view).some((visibility) =>
    memberships.some((membership) => isAllowed(visibility, membership, view.isInRoom)),
  );
}

/** What is asked of simplified sliding sync (MSC4186): a window over all rooms that grows, and the open rooms. Pure. */
import type { JsonObject } from '../json.ts';

export interface SlidingState {
  readonly connectionId: string;
  readonly userId: string;
  readonly position: string | undefined;
  readonly toDevicePosition: string | undefined;
  /** Last index of the window over the room list. */
  readonly windowEnd: number;
  readonly openRooms: readonly string[];
  /** To-device messages and keys are asked for only once somebody can take them. */
  readonly withCrypto: boolean;
  readonly timeoutMs: number;
}

const LIST_STATE = [
  'm.room.create',
  'm.room.name',
  'm.room.topic',
  'm.room.avatar',
  'm.room.encryption',
  'm.room.history_visibility',
  'm.room.tombstone',
];

const ROOM_STATE = [...LIST_STATE, 'm.room.power_levels', 'm.room.join_rules', 'm.room.pinned_events'];

function required(types: readonly string[], userId: string): JsonObject {
  const include = types.map((type) => ({ type, state_key: '' }));
  return { include: [...include, { type: 'm.room.member', state_key: userId }], lazy_members: true };
}

/** The body of the next request. */
export function planSlidingRequest(state: SlidingState): JsonObject {
  const rooms = state.openRooms.map((roomId): [string, JsonObject] => [
    roomId,
    { timeline_limit: 20, required_state: required(ROOM_STATE, state.userId) },
  ]);
  const toDevice = {
    enabled: true,
    limit: 100,
    ...(state.toDevicePosition === undefined ? {} : { since: state.toDevicePosition }),
  };
  return {
    conn_id: state.connectionId,
    ...(state.position === undefined ? {} : { pos: state.position }),
    timeout: state.position === undefined ? 0 : state.timeoutMs,
    lists: {
      all: { range: [0, state.windowEnd], timeline_limit: 1, required_state: required(LIST_STATE, state.userId) },
    },
    room_subscriptions: Object.fromEntries(rooms),
    extensions: {
      account_data: { enabled: true },
      receipts: { enabled: true },
      typing: { enabled: true },
      ...(state.withCrypto ? { to_device: toDevice, e2ee: { enabled: true } } : {}),
    },
  };
}

const WINDOW_FIRST = 19;
const WINDOW_SECOND = 99;
const WINDOW_STEP = 200;

export const WINDOW_START = WINDOW_FIRST;

/** The next window: 20 rooms, 100, then all in steps; `undefined` when all are covered. */
export function growWindow(windowEnd: number, roomCount: number): number | undefined {
  if (windowEnd + 1 >= roomCount) return undefined;
  return windowEnd < WINDOW_SECOND ? WINDOW_SECOND : windowEnd + WINDOW_STEP;
}

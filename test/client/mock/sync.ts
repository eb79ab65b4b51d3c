/** Sliding sync of the mock: everything since a stream position. */
import type { Json, MockDevice, MockRoom, MockState, MockUser } from './state.ts';

function visibleEvent(event: Json, device: MockDevice): Json {
  const { stream: _stream, device: sentBy, ...wire } = event;
  if (sentBy !== device.deviceId) {
    const { transaction_id: _id, ...unsigned } = (wire['unsigned'] ?? {}) as Json;
    return { ...wire, unsigned };
  }
  return wire;
}

function roomResult(
  state: MockState,
  room: MockRoom,
  options: { user: MockUser; device: MockDevice; since: number; limit: number; fresh: boolean },
): Json | undefined {
  const { user, device, since } = options;
  const membership = state.membership(room, user.userId);
  if (membership === undefined) return undefined;
  const own = room.state.get(`m.room.member\n${user.userId}`);
  if (membership === 'invite') {
    if ((own?.stream ?? 0) <= since) return undefined;
    const stripped = [...room.state.values()].filter(
      (e) => e.type !== 'm.room.member' || e.state_key === user.userId || e.sender === e.state_key,
    );
    return {
      membership,
      initial: true,
      stripped_state: stripped.map((e) => visibleEvent(e, device)),
      bump_stamp: own?.stream,
    };
  }
  if (membership !== 'join') return (own?.stream ?? 0) > since ? { membership } : undefined;
  const initial = options.fresh || (own?.stream ?? 0) > since;
  const after = room.events.filter((event) => initial || event.stream > since);
  const limit = options.limit;
  if (after.length === 0 && !options.fresh) return undefined;
  const timeline = after.slice(-limit);
  const stateEvents = [...room.state.values()].filter((event) => initial || event.stream > since);
  const first = timeline[0];
  return {
    membership,
    ...(initial ? { initial: true } : {}),
    name: room.state.get('m.room.name\n')?.content['name'],
    required_state: stateEvents.map((event) => visibleEvent(event, device)),
    timeline: timeline.map((event) => visibleEvent(event, device)),
    limited: timeline.length < after.length,
    num_live: initial ? 0 : timeline.length,
    ...(first === undefined ? {} : { prev_batch: `b${first.stream}` }),
    joined_count: state.joined(room).length,
    bump_stamp: room.events.at(-1)?.stream,
  };
}

function changedUsers(state: MockState, user: MockUser, since: number): string[] {
  const shared = new Set<string>([user.userId]);
  for (const room of state.rooms.values()) {
    if (!state.joined(room).includes(user.userId)) continue;
    for (const id of state.joined(room)) shared.add(id);
  }
  return [...shared].filter((id) => (state.users.get(id)?.keysStream ?? 0) > since);
}

function extensions(state: MockState, user: MockUser, device: MockDevice, body: Json, since: number): Json {
  const wanted = (body['extensions'] ?? {}) as Record<string, Json>;
  const rooms = [...state.rooms.values()].filter((room) => state.membership(room, user.userId) === 'join');
  const result: Json = {};
  if (wanted['to_device'] !== undefined) {
    const from = Number(wanted['to_device']['since'] ?? 0);
    const acknowledged = device.toDevice.filter((one) => one.stream > from);
    device.toDevice.splice(0, device.toDevice.length, ...acknowledged);
    const last = acknowledged.at(-1)?.stream ?? from;
    result['to_device'] = { next_batch: String(last), events: acknowledged.map((one) => one.event) };
  }
  if (wanted['e2ee'] !== undefined) {
    result['e2ee'] = {
      device_one_time_keys_count: { signed_curve25519: device.oneTimeKeys.size },
      device_unused_fallback_key_types: [...device.fallbackKeys.keys()].length > 0 ? ['signed_curve25519'] : [],
      device_lists: { changed: changedUsers(state, user, since), left: [] },
    };
  }
  const fresh = [...user.accountData].filter(([, row]) => row.stream > since);
  const events = (roomId?: string) =>
    fresh
      .filter(([, row]) => row.roomId === roomId)
      .map(([key, row]) => ({ type: key.split('\n').at(-1), content: row.content }));
  const roomIds = new Set(fresh.map(([, row]) => row.roomId).filter((id) => id !== undefined));
  result['account_data'] = { global: events(), rooms: Object.fromEntries([...roomIds].map((id) => [id, events(id)])) };
  const receipts = rooms.map((room) => {
    const content: Json = {};
    for (const [userId, receipt] of room.receipts) {
      if (receipt.stream > since) content[receipt.eventId] = { 'm.read': { [userId]: { ts: receipt.ts } } };
    }
    return [room.roomId, { type: 'm.receipt', content }] as const;
  });
  result['receipts'] = {
    rooms: Object.fromEntries(receipts.filter(([, event]) => Object.keys(event.content).length > 0)),
  };
  const typing = rooms
    .filter((room) => room.typing.stream > since)
    .map((room) => [room.roomId, { type: 'm.typing', content: { user_ids: [...room.typing.users] } }] as const);
  result['typing'] = { rooms: Object.fromEntries(typing) };
  return result;
}

/** One answer; waits for news when there is none and the client is patient. */
export async function slidingSync(state: MockState, user: MockUser, device: MockDevice, body: Json): Promise<Json> {
  const since = Number(body['pos'] ?? 0);
  const subscribed = (body['room_subscriptions'] ?? {}) as Record<string, { timeline_limit: number }>;
  const deadline = Date.now() + Number(body['timeout'] ?? 0);
  for (;;) {
    const pos = state.stream;
    const rooms: Json = {};
    for (const room of state.rooms.values()) {
      const fresh = since === 0;
      const limit = subscribed[room.roomId]?.timeline_limit ?? 20;
      const result = roomResult(state, room, { user, device, since, limit: fresh ? Math.max(1, limit) : limit, fresh });
      if (result !== undefined) rooms[room.roomId] = result;
    }
    const ext = extensions(state, user, device, body, since);
    const news =
      Object.keys(rooms).length > 0 ||
      ((ext['to_device'] as { events?: unknown[] } | undefined)?.events?.length ?? 0) > 0 ||
      ((ext['account_data'] as { global: unknown[] }).global.length ?? 0) > 0 ||
      Object.keys((ext['receipts'] as { rooms: object }).rooms).length > 0 ||
      Object.keys((ext['typing'] as { rooms: object }).rooms).length > 0 ||
      ((ext['e2ee'] as { device_lists: { changed: string[] } } | undefined)?.device_lists.changed.length ?? 0) > 0;
    if (news || Date.now() >= deadline) {
      return { pos: String(pos), lists: { all: { count: state.rooms.size } }, rooms, extensions: ext };
    }
    await state.changed();
  }
}

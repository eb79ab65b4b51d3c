/** Rooms of other servers: joining, leaving, knocking and inviting across servers. The face of the folder. */
import { present } from '../../lib/assert.ts';
import { KeyedQueue } from '../../lib/queue.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type RoomId, type ServerName, serverOf, type UserId } from '../../matrix/ids.ts';
import { asArray, asObject, getArray, getObject, getString } from '../../matrix/json.ts';
import { parsePduJson, parseTrusted } from '../../matrix/json-parse.ts';
import { type ElementResult } from '../../matrix/json-slice.ts';
import type { RoomNumber } from '../../ports/store/index.ts';
import { withSignature } from '../../rules/signatures/sign.ts';
import { readStrippedState } from '../../rules/membership/stripped-state.ts';
import type { Context } from '../context.ts';
import { errorForClient, type Peers } from '../peers/index.ts';
import type { Room, Rooms } from '../rooms/index.ts';
import { type BuiltEvent, type History, type Receiver, STRIPPED_TYPES, type Timeline } from '../timeline/index.ts';
import { RoomCompletion } from './completion.ts';
import { type HandshakeRequest, makeMemberEvent } from './handshake.ts';
import { sendInvite } from './invite.ts';
import { OutOfRoom } from './out-of-room.ts';
import { pathTo } from './paths.ts';
import { sendJoin } from './send-join.ts';
import { eventSource } from './source.ts';

export { eventSource } from './source.ts';
export { OutOfRoom } from './out-of-room.ts';

export interface RemoteRoomParts {
  readonly context: Context;
  readonly peers: Peers;
  readonly rooms: Rooms;
  readonly timeline: Timeline;
  readonly receiver: Receiver;
}

/** Servers that are asked for one room, in turn. */
const SERVERS_MAX = 8;

/** What a client may be told of the refusal of another server. */
const REFUSALS = ['M_FORBIDDEN', 'M_NOT_FOUND', 'M_UNABLE_TO_GRANT_JOIN', 'M_UNSUPPORTED_ROOM_VERSION'] as const;

/** As long as events of a room wait for our join: longer than one of ten thousand members takes. */
const JOIN_WAIT_MS = 20_000;

export class RemoteRooms implements History {
  readonly #parts: RemoteRoomParts;
  readonly completion: RoomCompletion;
  readonly #outOfRoom: OutOfRoom;
  /** One way into a room at a time: a second one would take the place of the first. */
  readonly #joins = new KeyedQueue<RoomId>();
  /** Joins that are on their way, by room. */
  readonly #underWay = new Map<RoomId, Promise<unknown>>();

  constructor(parts: RemoteRoomParts) {
    this.#parts = parts;
    this.#outOfRoom = new OutOfRoom(parts);
    this.completion = new RoomCompletion(parts);
  }

  /** Servers that may know a room: those named, whoever invited the user, and the one in the room's id. */
  async #candidates(roomId: RoomId, user: UserId, via: readonly ServerName[]): Promise<ServerName[]> {
    const { context, rooms, peers } = this.#parts;
    const number = await rooms.findNumber(roomId);
    const place = number === undefined ? undefined : await rooms.findMembership(user, number);
    const inviter = place === undefined ? undefined : serverOf(place.sender);
    const shown = sendersOf(place?.strippedState).map(serverOf);
    const known = number === undefined ? [] : await context.store.federation.listServersInRoom(number);
    const all = [...via, inviter, ...shown, serverOf(roomId), ...known].filter((server) => server !== undefined);
    const others = [...new Set(all)].filter((server) => server !== context.serverName && peers.allows(server));
    return others.slice(0, SERVERS_MAX);
  }

  /** Does something at one server after another until it succeeds; throws what the last one said, in our words. */
  async #atOneOf<T>(servers: readonly ServerName[], act: (server: ServerName) => Promise<T>): Promise<T> {
    let last: unknown = new MatrixError('M_NOT_FOUND', 'No server is known that could tell of this room');
    for (const server of servers) {
      try {
        return await act(server);
      } catch (error) {
        last = errorForClient(error, REFUSALS);
        if (!(last instanceof MatrixError)) throw error;
        // A user who is not allowed in is not allowed in anywhere; other servers are asked for other reasons.
        if (last.code === 'M_UNSUPPORTED_ROOM_VERSION') throw last;
      }
    }
    throw last;
  }

  /**
   * Joins a user to a room that this server is not in, by one of the servers that are. False where another user has
   * brought it in meanwhile: then the join is an event like any other.
   */
  async join(request: Omit<HandshakeRequest, 'membership'>, via: readonly ServerName[]): Promise<boolean> {
    const { roomId } = request;
    const joining = this.#joins.run(roomId, async () => {
      const room = await this.#parts.rooms.find(roomId);
      if (room?.isResident === true) return false;
      await this.#join(request, via);
      return true;
    });
    this.#underWay.set(roomId, joining);
    try {
      return await joining;
    } finally {
      if (this.#underWay.get(roomId) === joining) this.#underWay.delete(roomId);
    }
  }

  /**
   * Waits for a join that is under way, but not for ever: what others say in the room may arrive before the answer that
   * lets us in, and would be lost.
   */
  async untilJoined(roomId: RoomId): Promise<void> {
    const joining = this.#underWay.get(roomId);
    if (joining === undefined) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        timer.cancel();
        resolve();
      };
      const timer = this.#parts.context.clock.schedule(JOIN_WAIT_MS, end);
      joining.then(end, end);
    });
  }

  async #join(request: Omit<HandshakeRequest, 'membership'>, via: readonly ServerName[]): Promise<void> {
    const { roomId, user } = request;
    await this.#atOneOf(await this.#candidates(roomId, user, via), async (server) => {
      const made = await makeMemberEvent(server, { ...request, membership: 'join' }, this.#parts);
      const { room, isPartial } = await sendJoin(server, { roomId, made }, this.#parts);
      if (isPartial) this.completion.begin(room);
    });
  }

  /** Refuses an invite, or takes a knock back, in a room that this server is not in. */
  async leave(request: Omit<HandshakeRequest, 'membership'>, number: RoomNumber): Promise<void> {
    const { roomId, user } = request;
    const servers = await this.#candidates(roomId, user, []);
    try {
      await this.#atOneOf(servers, async (server) => {
        const made = await makeMemberEvent(server, { ...request, membership: 'leave' }, this.#parts);
        const path = pathTo('v2/send_leave', roomId, made.eventId);
        await this.#parts.peers.request(server, { method: 'PUT', path, body: made.json });
        await this.#outOfRoom.keep({ number, roomId, user, membership: 'leave' }, made.json, made.rules);
      });
    } catch (error) {
      // Who wants out is out, whether the other side can be told or not.
      if (!(error instanceof MatrixError)) throw error;
      this.#parts.context.log.info('an invite was refused, or a knock taken back, without the other server', {
        why: error.code,
      });
      await this.#outOfRoom.forgetPlace(user, number);
    }
  }

  /** Knocks on a room that this server is not in. */
  async knock(request: Omit<HandshakeRequest, 'membership'>, via: readonly ServerName[]): Promise<void> {
    const { roomId, user } = request;
    await this.#atOneOf(await this.#candidates(roomId, user, via), async (server) => {
      const made = await makeMemberEvent(server, { ...request, membership: 'knock' }, this.#parts);
      const path = pathTo('v1/send_knock', roomId, made.eventId);
      const answer = await this.#parts.peers.request(server, { method: 'PUT', path, body: made.json });
      const state = readStrippedState(getArray(answer, 'knock_room_state'));
      const number = await this.#outOfRoom.numberOf(roomId, made.rules);
      await this.#outOfRoom.keep({ number, roomId, user, membership: 'knock', state }, made.json, made.rules);
    });
  }

  /** Fetches history of a room from the servers in it. */
  async fetchMore(room: Room): Promise<boolean> {
    const { context, peers, receiver } = this.#parts;
    if (room.servers.size === 0) return false;
    return await receiver.fetchHistory(room.number, eventSource(room.servers.list(), { peers, log: context.log }));
  }

  /** Throws `M_FORBIDDEN` where this server does not talk with the one of a user. */
  requireReachable(user: UserId): void {
    const server = serverOf(user);
    if (server === undefined || !this.#parts.peers.allows(server)) {
      throw new MatrixError('M_FORBIDDEN', 'This server does not talk with the one of that user');
    }
  }

  /**
   * Sends an invite that was built here to the server of its target, and, with that server's signature beside ours, to
   * the room. Throws where the server refuses or cannot be reached: then nothing has happened.
   */
  async invite(number: RoomNumber, built: BuiltEvent): Promise<void> {
    const { context, peers, rooms, timeline, receiver } = this.#parts;
    const room = await rooms.get(number);
    const { pdu } = built;
    const server = present(serverOf(pdu.stateKey ?? ''), 'an invite is for a user');
    const text = await timeline.sign(room, built);
    const state = await this.#inviteState(room.roomId, pdu.sender);
    const request = { server, room, eventId: pdu.eventId, text, state: `[${state.join(',')}]` };
    const answered = await sendInvite(request, peers);
    // Of the answer only the signatures of that server are taken: the event is ours.
    const signatures = getObject(getObject(answered, 'signatures'), server) ?? {};
    let event = present(asObject(parsePduJson(text).value), 'an event is an object');
    for (const keyId of Object.keys(signatures)) {
      const signature = getString(signatures, keyId);
      if (signature !== undefined) event = withSignature(event, server, keyId, signature);
    }
    const source = eventSource([], { peers, log: context.log });
    const element = elementOf(canonicalJson(event, { rawNumbers: !room.rules.strictCanonicalJson }));
    const { statuses } = await receiver.receive(number, [element], source, { isForwarded: true });
    if (statuses.get(pdu.eventId) !== 'accepted')
      throw new MatrixError('M_FORBIDDEN', 'The room has changed meanwhile');
  }

  /** What an invited user is shown of the room: whole events, signed, as their server wants to check them. */
  async #inviteState(roomId: RoomId, inviter: UserId): Promise<string[]> {
    const { context, rooms } = this.#parts;
    const room = await rooms.require(roomId);
    await rooms.ensureMembers(room, [inviter]);
    const pairs = [...STRIPPED_TYPES.map((type) => [type, ''] as const), ['m.room.member', inviter] as const];
    const ids = pairs.flatMap(([type, stateKey]) => room.state(type, stateKey)?.eventId ?? []);
    await room.settled;
    return (await context.store.events.getEvents(ids)).map((row) => row.json);
  }
}

/** Who sent what an invited or knocking user was shown: their servers are in the room. */
function sendersOf(strippedState: string | undefined): string[] {
  if (strippedState === undefined) return [];
  return (asArray(parseTrusted(strippedState)) ?? []).flatMap((event) => getString(asObject(event), 'sender') ?? []);
}

function elementOf(input: string | Uint8Array): ElementResult {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  return { ok: true, bytes, parsed: parsePduJson(bytes) };
}

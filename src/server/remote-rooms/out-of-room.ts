/**
 * Places of local users in rooms that this server is not in: invites and knocks, and their ends. The event is kept as
 * an outlier; the place stands with what the other server told of the room.
 */
import type { RoomId, UserId } from '../../matrix/ids.ts';
import { type JsonObject, omitKeys } from '../../matrix/json.ts';
import { parsePduJson } from '../../matrix/json-parse.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import type { Membership, RoomNumber } from '../../ports/store/index.ts';
import { parsePdu } from '../../rules/event-format/parse-pdu.ts';
import type { Context } from '../context.ts';
import type { Rooms } from '../rooms/index.ts';
import { assert, present } from '../../lib/assert.ts';
import { createEmptyRoom, textOf } from '../timeline/index.ts';

export interface OutsidePlace {
  readonly number: RoomNumber;
  readonly roomId: RoomId;
  readonly user: UserId;
  readonly membership: Membership;
  /** Stripped state that was told with it. */
  readonly state?: readonly JsonObject[];
}

export class OutOfRoom {
  readonly #context: Context;
  readonly #rooms: Rooms;

  constructor({ context, rooms }: { readonly context: Context; readonly rooms: Rooms }) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /** The number of a room, given to it now where it has none. */
  async numberOf(roomId: RoomId, rules: RoomVersionRules): Promise<RoomNumber> {
    const known = await this.#rooms.findNumber(roomId);
    return known ?? (await createEmptyRoom({ roomId, rules }, { context: this.#context, rooms: this.#rooms }));
  }

  /** Keeps a member event whose signatures have been checked, or are ours, and the place that it gives its user. */
  async keep(place: OutsidePlace, text: string, rules: RoomVersionRules): Promise<void> {
    const { store, crypto, stream } = this.#context;
    const parsed = parsePdu(parsePduJson(text).value, rules, (data) => crypto.sha256(data));
    assert(parsed.accept, 'the event was checked, or built here');
    const { event: pdu } = parsed;
    const { number, roomId, user, membership, state } = place;
    const stored = (await store.events.getEvents([pdu.eventId]))[0];
    const event = stored?.number ?? store.allocateEvent();
    await store.transact((transaction) => {
      if (stored === undefined) {
        transaction.events.append({
          number: event,
          eventId: pdu.eventId,
          room: number,
          position: 0,
          ...textOf(omitKeys(pdu.json, 'unsigned'), rules),
          status: 'outlier',
          stateBefore: undefined,
          statePair: { type: pdu.type, stateKey: present(pdu.stateKey, 'a member event is a state event') },
          depth: pdu.depth,
          originServerTs: pdu.originServerTs,
        });
      }
      const { position } = transaction;
      const own = { content: pdu.content, sender: pdu.sender, state_key: pdu.stateKey, type: pdu.type };
      const stripped = state === undefined ? undefined : JSON.stringify([...state, own]);
      const sender = pdu.sender;
      transaction.rooms.setMembership({
        user,
        room: number,
        roomId,
        membership,
        event,
        position,
        sender,
        strippedState: stripped,
      });
      const members = [{ user, membership, before: undefined, by: sender }];
      transaction.onCommit(() => stream.publish({ kind: 'event', position, room: number, event, members }));
    });
  }

  /** Takes a user out of a room that cannot be told of it. */
  async forgetPlace(user: UserId, number: RoomNumber): Promise<void> {
    const { store, stream } = this.#context;
    const place = await store.rooms.findMembership(user, number);
    if (place === undefined) return;
    await store.transact((transaction) => {
      const { position } = transaction;
      const { roomId, event } = place;
      const left = { user, room: number, roomId, membership: 'leave' as const, event, position, sender: user };
      transaction.rooms.setMembership({ ...left, strippedState: undefined });
      const members = [{ user, membership: 'leave' as const, before: place.membership, by: user }];
      transaction.onCommit(() => stream.publish({ kind: 'event', position, room: number, event, members }));
    });
  }
}

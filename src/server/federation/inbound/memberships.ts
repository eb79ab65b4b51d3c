/** Users of other servers who join, leave or knock on rooms that this server is in: templates, and their return. */
import { MatrixError } from '../../../matrix/errors.ts';
import type { Pdu } from '../../../matrix/events.ts';
import { type EventId, type RoomId, serverOf, type ServerName, type UserId } from '../../../matrix/ids.ts';
import { asObject, getString, type JsonObject, omitKeys } from '../../../matrix/json.ts';
import { parsePduJson, parseTrusted } from '../../../matrix/json-parse.ts';
import type { ElementResult } from '../../../matrix/json-slice.ts';
import { encodeBase64 } from '../../../lib/base64.ts';
import { present } from '../../../lib/assert.ts';
import { canonicalJson } from '../../../matrix/canonical-json.ts';
import { parsePdu } from '../../../rules/event-format/parse-pdu.ts';
import { findAuthoriser, listAllowedRooms, needsAuthoriser } from '../../../rules/membership/restricted-join.ts';
import { signedText } from '../../../rules/hashes/hashes.ts';
import { withSignature } from '../../../rules/signatures/sign.ts';
import type { Context } from '../../context.ts';
import type { Room, RoomEvent, Rooms } from '../../rooms/index.ts';
import { type Receiver, stripped, STRIPPED_TYPES, type Timeline } from '../../timeline/index.ts';
import type { Peers } from '../../peers/index.ts';
import { eventSource } from '../../remote-rooms/index.ts';
import type { Access } from './access.ts';
import { joinAnswer } from './join-answer.ts';
import type { FederationReads } from './reads.ts';

export type Handshake = 'join' | 'leave' | 'knock';

export interface MembershipParts {
  readonly context: Context;
  readonly rooms: Rooms;
  readonly timeline: Timeline;
  readonly receiver: Receiver;
  readonly peers: Peers;
  readonly access: Access;
  readonly reads: FederationReads;
}

export interface TemplateRequest {
  readonly membership: Handshake;
  readonly roomId: RoomId;
  readonly user: UserId;
  readonly origin: ServerName;
  /** Room versions that the asker supports; `undefined` where it need not say. */
  readonly versions: readonly string[] | undefined;
}

export interface SentRequest {
  readonly membership: Handshake;
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly origin: ServerName;
  /** The event as it came. */
  readonly bytes: Uint8Array;
}

export class InboundMemberships {
  readonly #parts: MembershipParts;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /** `GET /make_…`: an event that the other server may fill and sign. Throws `M_FORBIDDEN` and what a join can lack. */
  async makeTemplate(request: TemplateRequest): Promise<{ room_version: string; event: JsonObject }> {
    const { membership, roomId, user, origin, versions } = request;
    const { access, rooms, timeline } = this.#parts;
    if (serverOf(user) !== origin) throw new MatrixError('M_FORBIDDEN', 'That is no user of your server');
    const room = await access.requireAllowed(roomId, origin);
    access.requireWhole(room);
    const { version } = room.rules;
    if (versions !== undefined && !versions.includes(version)) {
      throw new MatrixError('M_INCOMPATIBLE_ROOM_VERSION', 'Your server does not support the version of this room', {
        extra: { room_version: version },
      });
    }
    const event = await timeline.draft(room.number, [user], async (plan, current) => {
      await rooms.ensureMembers(current, current.localJoined);
      const via = membership === 'join' ? await this.#authoriserFor(current, user) : undefined;
      const content = { membership, ...(via !== undefined && { join_authorised_via_users_server: via }) };
      return plan.add({ sender: user, type: 'm.room.member', stateKey: user, content });
    });
    const json = present(asObject(parseTrusted(event.built.json)), 'an event is an object');
    return { room_version: version, event: omitKeys(json, 'hashes', 'event_id') };
  }

  /**
   * A local user who vouches for a restricted join; `undefined` where nobody has to. Throws `M_FORBIDDEN` where the
   * user meets no condition, and the errors of the specification where we cannot tell or cannot vouch.
   */
  async #authoriserFor(room: Room, user: UserId): Promise<string | undefined> {
    if (!needsAuthoriser(room.lookup, user, room.rules)) return undefined;
    const { rooms } = this.#parts;
    let canTell = true;
    let isMember = false;
    for (const allowed of listAllowedRooms(room.lookup)) {
      const other = await rooms.find(allowed);
      if (other === undefined || other.localJoined.size === 0) canTell = false;
      else if ((await rooms.membershipOf(other, user)) === 'join') isMember = true;
      else if (other.partial !== undefined) canTell = false;
    }
    if (!isMember && !canTell) {
      throw new MatrixError('M_UNABLE_TO_AUTHORISE_JOIN', 'This server cannot tell whether the user may join');
    }
    if (!isMember) throw new MatrixError('M_FORBIDDEN', 'The user is not in a room that lets them join this one');
    const authoriser = findAuthoriser(room.lookup, room.localJoined, room.rules);
    if (authoriser === undefined) {
      throw new MatrixError('M_UNABLE_TO_GRANT_JOIN', 'Nobody on this server may let the user in');
    }
    return authoriser;
  }

  /** `PUT /send_join`: takes the join in and answers with the state before it. */
  async join(request: SentRequest, { omitsMembers }: { readonly omitsMembers: boolean }): Promise<string> {
    const { access, context } = this.#parts;
    const before = await access.requireAllowed(request.roomId, request.origin);
    const servers = [context.serverName, ...before.servers.list()];
    const { room, event, text } = await this.#receive(request);
    return await joinAnswer({ room, event, text, servers, omitsMembers }, this.#parts);
  }

  /** `PUT /send_leave`. */
  async leave(request: SentRequest): Promise<void> {
    await this.#receive(request);
  }

  /** `PUT /send_knock`: what the room shows to those who knock. */
  async knock(request: SentRequest): Promise<{ knock_room_state: Record<string, unknown>[] }> {
    const { room } = await this.#receive(request);
    const state = STRIPPED_TYPES.flatMap((type) => room.state(type, '') ?? []);
    return { knock_room_state: state.map(({ pdu }) => stripped(pdu)) };
  }

  /** Checks that it is the event that the path speaks of, from whom it may come from, and receives it. */
  async #receive(request: SentRequest): Promise<{ room: Room; event: RoomEvent; text: string }> {
    const { membership, roomId, eventId, origin, bytes } = request;
    const { access, context, receiver, peers, rooms } = this.#parts;
    const room = await access.requireAllowed(roomId, origin);
    access.requireWhole(room);
    const parsed = parsePduJson(bytes);
    const source = { bytes: bytes.length, hasRawNumbers: parsed.hasRawNumbers };
    const checked = parsePdu(parsed.value, room.rules, (data) => context.crypto.sha256(data), source);
    if (!checked.accept) throw new MatrixError('M_BAD_JSON', `That is no event of this room version: ${checked.why}`);
    const { event: pdu } = checked;
    const isAsPathSays = pdu.roomId === roomId && pdu.eventId === eventId;
    if (!isAsPathSays) throw new MatrixError('M_INVALID_PARAM', 'The event is not the one of the path');
    const isOwnMember = pdu.type === 'm.room.member' && pdu.stateKey === pdu.sender;
    if (!isOwnMember || getString(pdu.content, 'membership') !== membership) {
      throw new MatrixError('M_INVALID_PARAM', `The event is no ${membership}`);
    }
    if (serverOf(pdu.sender) !== origin) throw new MatrixError('M_FORBIDDEN', 'That is no user of your server');
    const signed = await this.#vouch(pdu, room);
    const others = eventSource([origin], { peers, log: context.log });
    // What was said between the template and the join is no past of the join: without an event that follows both, the
    // server that joins would not hear of it before somebody speaks again.
    const options = { isForwarded: true, tiesEnds: membership === 'join' };
    const received = await receiver.receive(room.number, [elementOf(signed)], others, options);
    if (received.statuses.get(eventId) !== 'accepted') {
      throw new MatrixError('M_FORBIDDEN', 'The room does not allow this event');
    }
    const event = present(await rooms.events.find(eventId), 'an accepted event is stored');
    return { room, event, text: canonicalJson(signed) };
  }

  /**
   * Adds our signature to a join that names one of our users: "the resident server … MUST check" that the join meets
   * a condition before it vouches for it.
   */
  async #vouch(pdu: Pdu, room: Room): Promise<JsonObject> {
    const { context, timeline, rooms } = this.#parts;
    const via = getString(pdu.content, 'join_authorised_via_users_server');
    if (via === undefined || serverOf(via) !== context.serverName) return pdu.json;
    await rooms.ensureMembers(room, [pdu.sender, ...room.localJoined]);
    await this.#authoriserFor(room, pdu.sender);
    const { keyId } = timeline.planTools();
    const signature = encodeBase64(timeline.signText(signedText(pdu.json, room.rules)));
    return withSignature(pdu.json, context.serverName, keyId, signature);
  }
}

function elementOf(json: JsonObject): ElementResult {
  const bytes = new TextEncoder().encode(canonicalJson(json, { rawNumbers: true }));
  return { ok: true, bytes, parsed: parsePduJson(bytes) };
}

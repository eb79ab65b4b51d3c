/** Invites of local users to rooms of others (`PUT /invite`): checked, signed by us, and put before the user. */
import { MatrixError } from '../../../matrix/errors.ts';
import type { Pdu } from '../../../matrix/events.ts';
import { type EventId, parseUserId, type RoomId, serverOf, type ServerName } from '../../../matrix/ids.ts';
import { asObject, getString, type JsonObject, type JsonValue } from '../../../matrix/json.ts';
import { findRoomVersion, type RoomVersionRules } from '../../../matrix/room-versions.ts';
import { encodeBase64 } from '../../../lib/base64.ts';
import { canonicalJson } from '../../../matrix/canonical-json.ts';
import { parsePdu } from '../../../rules/event-format/parse-pdu.ts';
import { signedText } from '../../../rules/hashes/hashes.ts';
import { checkInviteState, readStrippedState } from '../../../rules/membership/stripped-state.ts';
import { serverAclOf } from '../../../rules/membership/server-acl.ts';
import { checkEventSignatures, type FindServerKey, listSigningKeys } from '../../../rules/signatures/verify.ts';
import { withSignature } from '../../../rules/signatures/sign.ts';
import type { Accounts } from '../../accounts/index.ts';
import type { Context } from '../../context.ts';
import type { Peers } from '../../peers/index.ts';
import type { Rooms } from '../../rooms/index.ts';
import { OutOfRoom } from '../../remote-rooms/index.ts';
import type { Timeline } from '../../timeline/index.ts';

export interface InviteParts {
  readonly context: Context;
  readonly accounts: Accounts;
  readonly rooms: Rooms;
  readonly timeline: Timeline;
  readonly peers: Peers;
}

export interface InviteRequest {
  readonly roomId: RoomId;
  readonly eventId: EventId;
  readonly origin: ServerName;
  readonly version: string;
  readonly event: JsonValue;
  /** `invite_room_state`, whatever it is. */
  readonly state: readonly unknown[] | undefined;
}

export class InboundInvites {
  readonly #parts: InviteParts;
  readonly #outOfRoom: OutOfRoom;

  constructor(parts: InviteParts) {
    this.#parts = parts;
    this.#outOfRoom = new OutOfRoom(parts);
  }

  /** Takes an invite in, and returns the event with our signature, as JSON text. */
  async invite(request: InviteRequest): Promise<string> {
    const { roomId, origin, version } = request;
    const { context, timeline } = this.#parts;
    const rules = findRoomVersion(version);
    // "M_UNSUPPORTED_ROOM_VERSION … or M_INCOMPATIBLE_ROOM_VERSION": the room version is not one of ours.
    if (rules === undefined) {
      throw new MatrixError('M_INCOMPATIBLE_ROOM_VERSION', 'This server does not support the room version', {
        extra: { room_version: version },
      });
    }
    const pdu = this.#checkedEvent(request, rules);
    const target = await this.#requireInvitee(pdu);
    await this.#requireAllowed(roomId, origin);
    await this.#requireSignatures([pdu], rules);
    const state = await this.#checkedState(request, rules);
    const signature = encodeBase64(timeline.signText(signedText(pdu.json, rules)));
    const signed = withSignature(pdu.json, context.serverName, timeline.planTools().keyId, signature);
    const number = await this.#outOfRoom.numberOf(roomId, rules);
    const text = canonicalJson(signed, { rawNumbers: !rules.strictCanonicalJson });
    await this.#outOfRoom.keep({ number, roomId, user: target, membership: 'invite', state }, text, rules);
    return text;
  }

  #checkedEvent({ roomId, eventId, origin, event }: InviteRequest, rules: RoomVersionRules): Pdu {
    const { crypto } = this.#parts.context;
    const parsed = parsePdu(event, rules, (data) => crypto.sha256(data));
    if (!parsed.accept) throw new MatrixError('M_BAD_JSON', `That is no event of this room version: ${parsed.why}`);
    const { event: pdu } = parsed;
    if (pdu.roomId !== roomId || pdu.eventId !== eventId) {
      throw new MatrixError('M_INVALID_PARAM', 'The event is not the one of the path');
    }
    if (pdu.type !== 'm.room.member' || getString(pdu.content, 'membership') !== 'invite') {
      throw new MatrixError('M_INVALID_PARAM', 'The event is no invite');
    }
    if (serverOf(pdu.sender) !== origin) throw new MatrixError('M_FORBIDDEN', 'That is no user of your server');
    return pdu;
  }

  async #requireInvitee({ stateKey }: Pdu) {
    const { accounts } = this.#parts;
    const target = parseUserId(stateKey ?? '');
    if (target === undefined || !accounts.isLocal(target)) {
      throw new MatrixError('M_INVALID_PARAM', 'The invite is for a user of another server');
    }
    const account = await accounts.findByName(target);
    if (account === undefined || account.deactivated) throw new MatrixError('M_NOT_FOUND', 'There is no such user');
    return target;
  }

  /** A room that we are in and that keeps the inviter's server out takes no invites from there. */
  async #requireAllowed(roomId: RoomId, origin: ServerName): Promise<void> {
    const room = await this.#parts.rooms.find(roomId);
    if (room === undefined || room.localJoined.size === 0) return;
    if (!serverAclOf(room.lookup).allows(origin))
      throw new MatrixError('M_FORBIDDEN', 'The room keeps your server out');
  }

  async #requireSignatures(pdus: readonly Pdu[], rules: RoomVersionRules): Promise<void> {
    const { peers, context } = this.#parts;
    const wanted = pdus.flatMap(({ json }) =>
      Array.from(listSigningKeys(json, rules) ?? [], ([server, keyIds]) => ({ server, keyIds })),
    );
    const findKey: FindServerKey = await peers.ensureKeys(wanted);
    for (const { json } of pdus) {
      const verdict = checkEventSignatures(json, {
        rules,
        findKey,
        nowMs: context.clock.now(),
        verify: (key, text, signature) => context.crypto.ed25519Verify(key, text, signature),
      });
      if (!verdict.accept) throw new MatrixError('M_FORBIDDEN', `The signature is not valid: ${verdict.why}`);
    }
  }

  /**
   * What the user is shown of the room. From room version 12 on the events must be whole, of this room, signed, and
   * the create event among them (adv-013); before, whatever is readable is taken.
   */
  async #checkedState(request: InviteRequest, rules: RoomVersionRules): Promise<JsonObject[]> {
    const { crypto } = this.#parts.context;
    const state = request.state?.map((entry) => asObject(entry) ?? null);
    const checked = checkInviteState(state, request.roomId, rules, (data) => crypto.sha256(data));
    if (checked.accept) {
      try {
        await this.#requireSignatures(checked.events, rules);
      } catch (error) {
        if (rules.roomIdIsCreateHash || !(error instanceof MatrixError)) throw error;
      }
      return readStrippedState(checked.events.map(({ json }) => json));
    }
    if (rules.roomIdIsCreateHash) throw new MatrixError('M_MISSING_PARAM', `invite_room_state: ${checked.why}`);
    return readStrippedState(state);
  }
}

/**
 * Invites by a third-party identifier, redeemed: an identity server has found out whose identifier it is, and signed
 * that. `content/server-server-api.md`, "Third-party invites".
 */
import { present } from '../../lib/assert.ts';
import { MatrixError, OperationError } from '../../matrix/errors.ts';
import { type RoomId, serverOf, type UserId } from '../../matrix/ids.ts';
import { getString, type JsonObject } from '../../matrix/json.ts';
import type { Peers } from '../peers/index.ts';
import type { Room } from '../rooms/index.ts';
import type { EventDraft, PlannedEvent, RoomPlan } from '../timeline/index.ts';
import type { LifecycleParts } from './membership.ts';

export interface RedeemedInvite {
  readonly roomId: RoomId;
  /** Who sent the `m.room.third_party_invite` event. */
  readonly sender: UserId;
  readonly target: UserId;
  /** `signed`, as the identity server made it. */
  readonly signed: JsonObject;
}

export interface ThirdPartyParts extends LifecycleParts {
  readonly peers: Peers;
}

const TIMEOUT_MS = 30_000;

export class ThirdPartyInvites {
  readonly #parts: ThirdPartyParts;

  constructor(parts: ThirdPartyParts) {
    this.#parts = parts;
  }

  /**
   * Invites the user in the name of the local one who sent the third-party invite; the room's rules check the token and
   * the signature. Throws `M_FORBIDDEN` and `M_NOT_FOUND`.
   */
  async redeem(invite: RedeemedInvite): Promise<void> {
    const { accounts, rooms, timeline, remoteRooms } = this.#parts;
    const { roomId, sender, target } = invite;
    const room = await rooms.find(roomId);
    if (room === undefined || !room.isResident || !accounts.isLocal(sender)) {
      throw new MatrixError('M_NOT_FOUND', 'There is no such invite');
    }
    const users = [sender, target];
    const fill = (plan: RoomPlan, current: Room): PlannedEvent | undefined => {
      const draft = draftOf(invite, current);
      return draft === undefined ? undefined : plan.add(draft);
    };
    if (accounts.isLocal(target)) {
      await timeline.append(room.number, users, fill);
      return;
    }
    const planned = await timeline.draft(room.number, users, fill);
    if (planned !== undefined) await remoteRooms.invite(room.number, planned.built);
  }

  /**
   * A local user has shown that an identifier is theirs. "if the invited homeserver isn't in the room the invite came
   * from, it will need to request the inviting homeserver to auth the event"; an invite of a user of another server
   * only that server can sign, so that it is asked in any case.
   */
  async bind(invite: RedeemedInvite): Promise<void> {
    const { accounts, peers, context } = this.#parts;
    const { roomId, sender, target, signed } = invite;
    const account = accounts.isLocal(target) ? await accounts.findByName(target) : undefined;
    if (account === undefined || account.deactivated || getString(signed, 'mxid') !== target) return;
    try {
      if (accounts.isLocal(sender)) {
        await this.redeem(invite);
        return;
      }
      const body = {
        type: 'm.room.member',
        room_id: roomId,
        sender,
        state_key: target,
        content: { membership: 'invite', third_party_invite: { display_name: target, signed } },
      };
      const path = `/_matrix/federation/v1/exchange_third_party_invite/${encodeURIComponent(roomId)}`;
      const server = present(serverOf(sender), 'a user id names a server');
      await peers.request(server, { method: 'PUT', path, body, timeoutMs: TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof MatrixError) && !(error instanceof OperationError)) throw error;
      context.log.info('a third-party invite could not be redeemed', { why: error.message });
    }
  }
}

/** The member event; `undefined` for a user who is in the room or invited already. */
function draftOf({ sender, target, signed }: RedeemedInvite, room: Room): EventDraft | undefined {
  const before = room.membershipOf(target);
  if (before === 'join' || before === 'invite') return undefined;
  const told = room.state('m.room.third_party_invite', getString(signed, 'token') ?? '')?.pdu.content;
  const invite = { display_name: getString(told, 'display_name') ?? '', signed };
  const content = { membership: 'invite', third_party_invite: invite };
  return { sender, type: 'm.room.member', stateKey: target, content };
}

/** The life of rooms and of memberships in them. The face of the folder. */
import type { UserId } from '../../matrix/ids.ts';
import { Creation } from './create.ts';
import { Memberships } from './membership.ts';
import { ThirdPartyInvites, type ThirdPartyParts } from './third-party-invites.ts';
import { Upgrade } from './upgrade.ts';

export type { MembershipChange } from './membership.ts';
export { type Preset, type RoomWish, stateDraftOf } from './initial-state.ts';

export class Lifecycle {
  readonly #parts: ThirdPartyParts;
  readonly memberships: Memberships;
  readonly creation: Creation;
  readonly upgrade: Upgrade;
  readonly thirdPartyInvites: ThirdPartyInvites;

  constructor(parts: ThirdPartyParts) {
    this.#parts = parts;
    this.memberships = new Memberships(parts);
    this.creation = new Creation(parts, this.memberships);
    this.thirdPartyInvites = new ThirdPartyInvites(parts);
    this.upgrade = new Upgrade(parts, this.creation);
  }

  /** Tells every room the user is joined to about a changed display name or avatar. */
  async propagateProfile(user: UserId, field: string): Promise<void> {
    if (field !== 'displayname' && field !== 'avatar_url') return;
    const { rooms, timeline, context } = this.#parts;
    const joined = await rooms.listMemberships(user, ['join']);
    const content = await this.memberships.memberContent('join', user);
    const sent = joined.map(({ room }) =>
      timeline.append(room, [user], (plan, current) => {
        if (current.membershipOf(user) !== 'join') return;
        plan.add({ sender: user, type: 'm.room.member', stateKey: user, content });
      }),
    );
    for (const one of await Promise.allSettled(sent)) {
      // A room that refuses is no reason for the others not to learn of the change.
      if (one.status === 'rejected') context.log.warn('a room did not take a profile change');
    }
  }

  /** Leaves every room and refuses every invite: part of deactivating an account. */
  async leaveEverything(user: UserId): Promise<void> {
    const memberships = await this.#parts.rooms.listMemberships(user, ['join', 'invite', 'knock']);
    for (const { roomId } of memberships) await this.memberships.leave(roomId, user, undefined);
  }
}

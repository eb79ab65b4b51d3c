/** Replacing a room by one of another version (client-server API, "Room Upgrades"). */
import { MatrixError } from '../../matrix/errors.ts';
import type { RoomId, UserId } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { powerLevelsOf } from '../../rules/auth/index.ts';
import type { Room } from '../rooms/index.ts';
import type { Creation } from './create.ts';
import {
  type RoomWish,
  restrictedPowerLevels,
  type StateDraft,
  TRANSFERRED_TYPES,
  transferredPowerLevels,
} from './initial-state.ts';
import type { LifecycleParts } from './membership.ts';

export interface UpgradeRequest {
  readonly roomId: RoomId;
  readonly user: UserId;
  readonly rules: RoomVersionRules;
  readonly additionalCreators: readonly UserId[];
}

export class Upgrade {
  readonly #parts: LifecycleParts;
  readonly #creation: Creation;

  constructor(parts: LifecycleParts, creation: Creation) {
    this.#parts = parts;
    this.#creation = creation;
  }

  /** Makes the new room, points the old one to it, and moves the aliases. Returns the new room's id. */
  async upgrade(request: UpgradeRequest): Promise<RoomId> {
    const { rooms, context } = this.#parts;
    const { user, roomId } = request;
    const old = await rooms.requireJoined(user, roomId);
    // "Checks that the user has permission to send `m.room.tombstone` events in the room."
    if (!powerLevelsOf(old.lookup, old.rules).maySend(user, 'm.room.tombstone', true)) {
      throw new MatrixError('M_FORBIDDEN', 'You may not replace this room');
    }
    const replacement = await this.#creation.create(this.#wish(old, request), { isDirect: false, published: false });
    await this.#bury(old, user, replacement);
    const next = await rooms.require(replacement);
    const aliases = await context.store.rooms.listAliases(old.number);
    await context.store.transact((one) => {
      one.rooms.moveAliases(old.number, next.number, aliases);
      if (old.published) {
        one.rooms.setPublished(old.number, false);
        one.rooms.setPublished(next.number, true);
      }
    });
    next.published = old.published;
    old.published = false;
    await this.#moveCanonicalAlias(old, next, user);
    return replacement;
  }

  #wish(old: Room, { user, rules, roomId, additionalCreators }: UpgradeRequest): RoomWish {
    const { creator: _, additional_creators: __, ...created } = old.state('m.room.create', '')?.pdu.content ?? {};
    const last = old.extremities[0];
    // "event_id … The event ID of the last known event in the old room"; room version 12 has no use for it.
    const predecessor: JsonObject = {
      room_id: roomId,
      ...(!rules.roomIdIsCreateHash && last && { event_id: last.eventId }),
    };
    const creationContent: JsonObject = { ...created, predecessor };
    if (additionalCreators.length > 0) creationContent['additional_creators'] = [...additionalCreators];
    return {
      creator: user,
      rules,
      preset: 'private_chat',
      creationContent,
      powerLevelOverride: this.#powerLevels(old, rules, [user, ...additionalCreators]),
      initialState: this.#transferred(old),
      name: undefined,
      topic: undefined,
      alias: undefined,
      invitees: [],
    };
  }

  #powerLevels(old: Room, rules: RoomVersionRules, creators: readonly string[]): JsonObject | undefined {
    const content = old.state('m.room.power_levels', '')?.pdu.content;
    return content === undefined ? undefined : transferredPowerLevels(content, rules, creators);
  }

  #transferred(old: Room): StateDraft[] {
    return TRANSFERRED_TYPES.flatMap((type) => {
      const event = old.state(type, '');
      return event === undefined ? [] : [{ type, stateKey: '', content: event.pdu.content }];
    });
  }

  /** The tombstone, and power levels that keep people from going on in the old room. */
  async #bury(old: Room, user: UserId, replacement: RoomId): Promise<void> {
    await this.#parts.timeline.append(old.number, [user], (plan, room) => {
      const content = { body: 'This room has been replaced', replacement_room: replacement };
      plan.add({ sender: user, type: 'm.room.tombstone', stateKey: '', content });
      const levels = room.state('m.room.power_levels', '')?.pdu.content;
      const restricted = levels === undefined ? undefined : restrictedPowerLevels(levels);
      const mayRestrict = powerLevelsOf(plan.lookup, room.rules).maySend(user, 'm.room.power_levels', true);
      if (restricted === undefined || !mayRestrict) return;
      plan.add({ sender: user, type: 'm.room.power_levels', stateKey: '', content: restricted });
    });
  }

  async #moveCanonicalAlias(old: Room, next: Room, user: UserId): Promise<void> {
    const canonical = old.state('m.room.canonical_alias', '')?.pdu.content;
    if (canonical === undefined) return;
    await this.#parts.timeline.append(next.number, [user], (plan) => {
      plan.add({ sender: user, type: 'm.room.canonical_alias', stateKey: '', content: canonical });
    });
    await this.#parts.timeline.append(old.number, [user], (plan, room) => {
      if (!powerLevelsOf(plan.lookup, room.rules).maySend(user, 'm.room.canonical_alias', true)) return;
      plan.add({ sender: user, type: 'm.room.canonical_alias', stateKey: '', content: {} });
    });
  }
}

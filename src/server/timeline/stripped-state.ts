/** Stripped state: what an invited or knocking user may know of a room (client-server API, "Stripped state"). */
import type { Pdu, StateLookup } from '../../matrix/events.ts';

/** "The following state events SHOULD be represented as stripped state events when possible." */
export const STRIPPED_TYPES = [
  'm.room.create',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.join_rules',
  'm.room.canonical_alias',
  'm.room.encryption',
] as const;

/** One event in stripped form: "content, state_key, type and sender". */
export function stripped(pdu: Pdu): Record<string, unknown> {
  return { content: pdu.content, sender: pdu.sender, state_key: pdu.stateKey, type: pdu.type };
}

/** The stripped state of a room as a JSON array, ending with the member event that it goes with. */
export function strippedState(state: StateLookup, member: Pdu): string {
  const events = STRIPPED_TYPES.flatMap((type) => state(type, '') ?? []).map(stripped);
  const inviter = state('m.room.member', member.sender);
  if (inviter !== undefined && inviter.stateKey !== member.stateKey) events.push(stripped(inviter));
  return JSON.stringify([
    ...events,
    { ...stripped(member), event_id: member.eventId, origin_server_ts: member.originServerTs },
  ]);
}

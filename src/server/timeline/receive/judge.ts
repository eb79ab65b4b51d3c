/** Steps 5 to 8: what an event may do, by its auth events, by the state before it, and by the state now. Pure. */
import { createEventIdOf, type Pdu, type StateLookup, stateLookupOf } from '../../../matrix/events.ts';
import type { EventId, ServerName } from '../../../matrix/ids.ts';
import type { RoomVersionRules } from '../../../matrix/room-versions.ts';
import { authEventKeys, checkAuth, checkAuthEvents, type StatePair } from '../../../rules/auth/index.ts';
import { findPolicyServer, isRecommended } from '../../../rules/signatures/policy-server.ts';
import type { VerifySignature } from '../../../rules/signatures/verify.ts';
import type { EventStatus } from '../../../ports/store/index.ts';

/** An event that another one cites, as far as it is here. */
export interface Cited {
  readonly pdu: Pdu;
  readonly status: EventStatus;
}

export interface JudgeTools {
  readonly rules: RoomVersionRules;
  readonly verify: VerifySignature;
}

/** Why an event is refused, and by which step; `undefined` where it passes. */
export type Objection = { readonly step: number; readonly why: string } | undefined;

/** The entries of a state that judging an event looks at. */
export function pairsToJudge(event: Pdu, rules: RoomVersionRules): StatePair[] {
  return [{ type: 'm.room.create', stateKey: '' }, ...authEventKeys(event, rules)];
}

/**
 * Step 5: "Passes authorisation rules based on the event's auth events, otherwise it is rejected." An auth event that
 * nobody could give is not among `cited`, and rejects.
 */
export function judgeByAuthEvents(
  event: Pdu,
  cited: ReadonlyMap<EventId, Cited>,
  { rules, verify }: JudgeTools,
): Objection {
  const citedOf = (id: EventId) => {
    const found = cited.get(id);
    return found === undefined ? undefined : { event: found.pdu, rejected: found.status === 'rejected' };
  };
  const authEvents = [...new Set(event.authEvents)].flatMap((id) => citedOf(id) ?? []);
  const create = rules.roomIdIsCreateHash ? citedOf(createEventIdOf(event.roomId)) : undefined;
  const first = checkAuthEvents({ rules, event, authEvents, create });
  if (!first.accept) return { step: 5, why: first.why };
  const state = stateLookupOf([...authEvents, ...(create === undefined ? [] : [create])].map((one) => one.event));
  const second = checkAuth({ rules, event, state, verify });
  return second.accept ? undefined : { step: 5, why: second.why };
}

/**
 * A state of which not all members are known: where a member event is missing, the one that the event itself cites
 * stands for it, until the whole state is here and everything is judged again.
 */
export function withClaims(state: StateLookup, cited: ReadonlyMap<EventId, Cited>): StateLookup {
  const members = [...cited.values()].filter(
    ({ pdu, status }) => pdu.type === 'm.room.member' && status !== 'rejected',
  );
  const claims = stateLookupOf(members.map(({ pdu }) => pdu));
  return (type, stateKey) => state(type, stateKey) ?? (type === 'm.room.member' ? claims(type, stateKey) : undefined);
}

/** Step 6 or 7: whether a state allows the event. */
export function judgeByState(
  event: Pdu,
  state: StateLookup,
  { rules, verify, step }: JudgeTools & { readonly step: number },
): Objection {
  const verdict = checkAuth({ rules, event, state, verify });
  return verdict.accept ? undefined : { step, why: verdict.why };
}

/** Step 8: "Passes … the Policy Server's signature", where the room has one; otherwise the event is soft-failed. */
export function judgeByPolicyServer(
  event: Pdu,
  state: StateLookup,
  { rules, verify, isServerJoined }: JudgeTools & { readonly isServerJoined: (server: ServerName) => boolean },
): Objection {
  const policy = findPolicyServer(state, isServerJoined);
  if (policy === undefined || isRecommended(event.json, policy, { rules, verify })) return undefined;
  return { step: 8, why: 'the policy server of the room does not recommend it' };
}

/** A second create event is none, whatever its server says: the room stands on the first. */
export function judgeCreate(event: Pdu, create: Pdu | undefined): Objection {
  if (event.type !== 'm.room.create' || event.stateKey !== '' || create === undefined) return undefined;
  return create.eventId === event.eventId ? undefined : { step: 5, why: 'the room has a create event' };
}

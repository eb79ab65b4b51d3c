/**
 * Tying loose ends together: an event of ours without content that follows many forward extremities, so that each
 * later event has few to cite and few states to merge.
 */
import { nextDepth, stateKeyOf, type StateLookup, stateLookupOf, typePdu } from '../../../matrix/events.ts';
import { asObject } from '../../../matrix/json.ts';
import { parseTrusted } from '../../../matrix/json-parse.ts';
import { present } from '../../../lib/assert.ts';
import { authEventKeys, checkAuth, powerLevelsOf } from '../../../rules/auth/index.ts';
import type { UserId } from '../../../matrix/ids.ts';
import { buildEvent, signBuilt } from '../build-event.ts';
import { PREV_EVENTS_MAX, type PlanTools } from '../plan.ts';
import { appendJudged } from './append.ts';
import { textOf } from './ingress.ts';
import type { AppendTools } from './judged-event.ts';
import { mergePlaces } from './merge.ts';
import { eventsOf, placeAt } from './places.ts';
import type { Recommend } from './recommend.ts';

/** A type that clients do not show. Synapse calls such events so. */
const DUMMY_TYPE = 'org.matrix.dummy_event';

/** What building an event of ours needs. */
export interface OwnEvents {
  planTools(): PlanTools;
  signText(text: string): Uint8Array;
  readonly recommend: Recommend;
}

/** Ties forward extremities together until there are no more than `max`, as far as a user of ours may. */
export async function tieExtremities(tools: AppendTools, own: OwnEvents, max = PREV_EVENTS_MAX): Promise<void> {
  while (tools.room.extremities.length > max) {
    if (!(await tieOnce(tools, own))) return;
  }
}

async function tieOnce(tools: AppendTools, own: OwnEvents): Promise<boolean> {
  const { room, events, places, context } = tools;
  await room.settled;
  const cited = await events.get(room.extremities.slice(0, PREV_EVENTS_MAX).map(({ eventId }) => eventId));
  const before = await mergePlaces(
    cited.map((event) => placeAt(event.stateAfter)),
    tools,
  );
  const senders = [...room.localJoined];
  const wanted = [
    { type: 'm.room.create', stateKey: '' },
    { type: 'm.room.power_levels', stateKey: '' },
    ...senders.map((stateKey) => ({ type: 'm.room.member', stateKey })),
  ];
  const values = await places.valuesAt(
    before,
    wanted.map(({ type, stateKey }) => stateKeyOf(type, stateKey)),
  );
  const state = stateLookupOf((await events.getByNumber(eventsOf(values.values()))).map(({ pdu }) => pdu));
  const sender = senders.find((user) => maySend(user, state, tools));
  if (sender === undefined) return false;
  const { rules } = room;
  const subject = { type: DUMMY_TYPE, sender, stateKey: undefined, content: {} };
  const authEvents = authEventKeys(subject, rules).flatMap(({ type, stateKey }) => state(type, stateKey) ?? []);
  const planTools = own.planTools();
  const built = buildEvent(
    {
      ...subject,
      rules,
      roomId: room.roomId,
      redacts: undefined,
      originServerTs: planTools.now,
      depth: nextDepth(cited.map(({ pdu }) => pdu.depth)),
      authEvents: authEvents.map((pdu) => ({ eventId: pdu.eventId, pdu })),
      prevEvents: cited.map(({ eventId, pdu }) => ({ eventId, pdu })),
    },
    planTools,
  );
  const signed = signBuilt(built, (text) => own.signText(text));
  const json = present(asObject(parseTrusted(signed)), 'an event is an object');
  const pdu = typePdu(json, built.pdu.eventId, rules);
  const verify = (key: Uint8Array, text: string, signature: Uint8Array): boolean =>
    context.crypto.ed25519Verify(key, text, signature);
  if (!checkAuth({ rules, event: pdu, state, verify }).accept) return false;
  const { durable } = await appendJudged(
    {
      incoming: { pdu, ...textOf(json, rules) },
      number: context.store.allocateEvent(),
      isStored: false,
      status: 'accepted',
      why: undefined,
      before,
      redaction: undefined,
      isForwarded: true,
    },
    tools,
  );
  await durable;
  return true;
}

function maySend(user: UserId, state: StateLookup, { room }: AppendTools): boolean {
  const levels = powerLevelsOf(state, room.rules);
  const isJoined = state('m.room.member', user)?.content['membership'] === 'join';
  return isJoined && levels.powerLevelOf(user) >= levels.level('events_default');
}

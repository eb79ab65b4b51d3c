/** Keeping events that have no place in the timeline: auth events, and the events of a state that others told. */
import type { EventId } from '../../../matrix/ids.ts';
import { RoomEvent } from '../../rooms/index.ts';
import type { AppendTools } from './judged-event.ts';
import type { IncomingEvent } from './ingress.ts';
import { type Cited, judgeByAuthEvents, judgeCreate } from './judge.ts';
import { foundationsOf } from './order.ts';

/** Events of one transaction: so many stay in memory until they are durable. */
const CHUNK = 500;

/**
 * Judges events by their auth events and stores them, each behind those that it cites. A rejected one is kept with
 * its reason: what cites it is rejected, too.
 */
export async function storeOutliers(outliers: readonly IncomingEvent[], tools: AppendTools): Promise<void> {
  for (let at = 0; at < outliers.length; at += CHUNK) {
    const fresh = await withoutHeld(outliers.slice(at, at + CHUNK), tools);
    if (fresh.length > 0) await storeChunk(fresh, tools);
  }
}

/** What has not come by another way since it was looked up. */
async function withoutHeld(
  chunk: readonly IncomingEvent[],
  { room, events }: AppendTools,
): Promise<readonly IncomingEvent[]> {
  await room.settled;
  const held = new Set((await events.get(chunk.map(({ pdu }) => pdu.eventId))).map((event) => event.eventId));
  return held.size === 0 ? chunk : chunk.filter(({ pdu }) => !held.has(pdu.eventId));
}

async function storeChunk(chunk: readonly IncomingEvent[], tools: AppendTools): Promise<void> {
  const { context, room, rooms } = tools;
  const { events } = rooms;
  const { rules } = room;
  const cited = new Set(chunk.flatMap(({ pdu }) => foundationsOf(pdu, rules)));
  const known = new Map<EventId, Cited>((await events.glanceById([...cited])).map((event) => [event.eventId, event]));
  const create = room.state('m.room.create', '')?.pdu;
  const verify = (key: Uint8Array, text: string, signature: Uint8Array): boolean =>
    context.crypto.ed25519Verify(key, text, signature);
  const judged = chunk.map((incoming) => {
    const { pdu } = incoming;
    const objection = judgeCreate(pdu, create) ?? judgeByAuthEvents(pdu, known, { rules, verify });
    const event = new RoomEvent({
      number: context.store.allocateEvent(),
      room: room.number,
      position: 0,
      status: objection === undefined ? 'outlier' : 'rejected',
      stateBefore: undefined,
      redactedBy: undefined,
      pdu,
      contentText: incoming.json.slice(incoming.contentStart, incoming.contentEnd),
    });
    known.set(pdu.eventId, event);
    return { incoming, event, why: objection?.why };
  });
  await context.store.transact((transaction) => {
    for (const { incoming, event, why } of judged) {
      const { json, contentStart, contentEnd, pdu } = incoming;
      transaction.events.append({
        number: event.number,
        eventId: pdu.eventId,
        room: room.number,
        position: 0,
        json,
        contentStart,
        contentEnd,
        status: event.status,
        ...(why !== undefined && { rejectedWhy: `step 5: ${why}` }),
        stateBefore: undefined,
        depth: pdu.depth,
        originServerTs: pdu.originServerTs,
        ...(pdu.stateKey !== undefined && { statePair: { type: pdu.type, stateKey: pdu.stateKey } }),
      });
    }
  });
  // Thousands of members that nobody has asked for would drive out what is in use.
  for (const { event } of judged) if (event.pdu.type !== 'm.room.member') events.put(event);
}

/**
 * Asking a room's policy server about events of others that came without its signature, before the room's queue is
 * taken: "If the Policy Server's signature is invalid or missing, the homeserver SHOULD ask for a new signature".
 */
import { MatrixError } from '../../../matrix/errors.ts';
import { type Pdu, typePdu } from '../../../matrix/events.ts';
import { asObject } from '../../../matrix/json.ts';
import { parsePduJson } from '../../../matrix/json-parse.ts';
import { present } from '../../../lib/assert.ts';
import type { Room } from '../../rooms/index.ts';
import { type IncomingEvent, textOf } from './ingress.ts';

/**
 * The text of an event with the policy server's signature; `undefined` where the room uses none, or the event has it.
 * Throws where the policy server gives none.
 */
export type Recommend = (
  room: Room,
  event: { readonly pdu: Pdu; readonly json: string },
) => Promise<string | undefined>;

const PARALLEL = 5;

/** The events, with the policy server's signature where it gives one. One that cannot be asked is asked no more. */
export async function recommendAll(
  events: readonly IncomingEvent[],
  room: Room,
  recommend: Recommend,
): Promise<readonly IncomingEvent[]> {
  const answered: IncomingEvent[] = [];
  let isReachable = true;
  for (let at = 0; at < events.length; at += PARALLEL) {
    const asked = events.slice(at, at + PARALLEL).map(async (event) => {
      if (!isReachable) return event;
      try {
        const text = await recommend(room, event);
        return text === undefined ? event : incomingOf(text, event, room);
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
        // What it does not recommend is soft-failed in its turn (step 8).
        if (error.code !== 'M_FORBIDDEN') isReachable = false;
        return event;
      }
    });
    answered.push(...(await Promise.all(asked)));
  }
  return answered;
}

function incomingOf(text: string, { pdu }: IncomingEvent, { rules }: Room): IncomingEvent {
  const json = present(asObject(parsePduJson(text).value), 'an event is an object');
  return { pdu: typePdu(json, pdu.eventId, rules), ...textOf(json, rules) };
}

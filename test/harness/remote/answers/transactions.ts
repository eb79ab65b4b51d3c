/** Transactions: events into their rooms, the rest into the server's record. */
import { getString, type JsonObject } from '../../../../src/matrix/json.ts';
import { eventIdOf } from '../../../../src/rules/hashes/hashes.ts';
import { sha256 } from '../../../fixtures/ed25519.ts';
import { objectsOf, receivePdu } from '../receive.ts';
import { bodyOf, ok, originOf } from '../requests.ts';
import type { Handler } from './handler.ts';

export const sendTransaction: Handler = async (server, request) => {
  const body = bodyOf(request);
  const origin = originOf(request);
  const results: JsonObject = {};
  for (const json of objectsOf(body, 'pdus')) {
    const room = server.rooms.get(getString(json, 'room_id') ?? '');
    // Of an event in an unknown room nobody knows the version, and so not the id.
    if (room === undefined) continue;
    const node = await receivePdu(server, room, json, origin);
    const why = 'action' in node ? node.why : node.verdict.accept ? undefined : node.verdict.why;
    results[eventIdOf(json, room.rules, sha256)] = why === undefined ? {} : { error: why };
  }
  for (const edu of objectsOf(body, 'edus')) server.edus.push({ origin, edu });
  return ok({ pdus: results });
};

/** Invites of this server's users. */
import { serverOf } from '../../../../src/matrix/ids.ts';
import { getObject, getString, getValue, type JsonObject } from '../../../../src/matrix/json.ts';
import { findRoomVersion } from '../../../../src/matrix/room-versions.ts';
import { signEvent } from '../../../../src/rules/signatures/sign.ts';
import type { RemoteServer } from '../../remote-server.ts';
import { objectsOf, verifyPdu } from '../receive.ts';
import { bodyOf, ok, originOf, param, type ReceivedRequest, Refusal } from '../requests.ts';
import type { Handler } from './handler.ts';

interface GivenInvite {
  readonly json: JsonObject;
  readonly version: string;
  readonly inviteState: readonly JsonObject[];
}

async function receive(server: RemoteServer, request: ReceivedRequest, given: GivenInvite): Promise<JsonObject> {
  const rules = findRoomVersion(given.version);
  if (rules === undefined) {
    const extra = { room_version: given.version };
    throw new Refusal(400, 'M_INCOMPATIBLE_ROOM_VERSION', 'Unknown room version', extra);
  }
  const verified = await verifyPdu(server, given.json, rules);
  if (!verified.accept) throw new Refusal(400, 'M_INVALID_PARAM', verified.why);
  const { event } = verified;
  const isExpected =
    event.type === 'm.room.member' &&
    event.content['membership'] === 'invite' &&
    event.roomId === param(request, 'roomId') &&
    event.eventId === param(request, 'eventId') &&
    serverOf(event.sender) === originOf(request) &&
    serverOf(event.stateKey ?? '') === server.name;
  if (!isExpected) throw new Refusal(400, 'M_INVALID_PARAM', 'This is no invite of a user of this server');
  const signed = signEvent(given.json, rules, server.key);
  server.invites.push({ event, version: given.version, inviteState: given.inviteState, from: originOf(request) });
  return signed;
}

export const sendInviteV2: Handler = async (server, request) => {
  const body = bodyOf(request);
  const json = getObject(body, 'event');
  const version = getString(body, 'room_version');
  if (json === undefined || version === undefined) throw new Refusal(400, 'M_MISSING_PARAM', 'event, room_version');
  const given = { json, version, inviteState: objectsOf(body, 'invite_room_state') };
  return ok({ event: await receive(server, request, given) });
};

/** "This API … only supports room versions 1 and 2", which look the same. */
export const sendInviteV1: Handler = async (server, request) => {
  const json = bodyOf(request);
  const unsigned = getObject(json, 'unsigned');
  const inviteState =
    getValue(unsigned, 'invite_room_state') === undefined ? [] : objectsOf(unsigned ?? {}, 'invite_room_state');
  return ok([200, { event: await receive(server, request, { json, version: '1', inviteState }) }]);
};

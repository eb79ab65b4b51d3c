/** Which servers must have signed an event. */
import { parseUserId, type ServerName, serverOf } from '../../matrix/ids.ts';
import { asString, getObject, getString, type JsonObject } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';

/** Whether an event is a third-party invite: "the server which actually sends the event may be a different server". */
function isThirdPartyInvite(event: JsonObject): boolean {
  const content = getObject(event, 'content');
  return (
    event['type'] === 'm.room.member' &&
    getString(content, 'membership') === 'invite' &&
    getObject(content, 'third_party_invite') !== undefined
  );
}

/** The user whose server vouches for a restricted join, where the event names one. */
function authorisingUser(event: JsonObject, rules: RoomVersionRules): string | undefined {
  const content = getObject(event, 'content');
  if (!rules.allowsRestrictedJoins || event['type'] !== 'm.room.member') return undefined;
  if (getString(content, 'membership') !== 'join') return undefined;
  return getString(content, 'join_authorised_via_users_server');
}

/**
 * The servers whose signatures `event` needs; `undefined` when it names no server where it must. The sender's server
 * ("the server the `sender` belongs to"), in room versions 1 and 2 also "the domain in the `event_id`", and for a
 * restricted join "the homeserver of the user ID denoted by the key".
 */
export function requiredSigners(event: JsonObject, rules: RoomVersionRules): ReadonlySet<ServerName> | undefined {
  const names: (string | undefined)[] = [];
  if (!isThirdPartyInvite(event)) names.push(asString(event['sender']));
  if (rules.signedByEventIdServer) names.push(asString(event['event_id']));
  const authoriser = authorisingUser(event, rules);
  if (authoriser !== undefined) names.push(parseUserId(authoriser));
  const servers = new Set<ServerName>();
  for (const name of names) {
    const server = name === undefined ? undefined : serverOf(name);
    if (server === undefined) return undefined;
    servers.add(server);
  }
  return servers;
}

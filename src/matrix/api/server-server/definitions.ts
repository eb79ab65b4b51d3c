/** Shapes that several operations of the server-server API share. */
import { anyObject, array, boolean, integer, object, optional, record, string } from '../../schema.ts';

/**
 * A membership event that one server made and another is to take in. NOTE: the specification asks for `origin` too;
 * the formats of events do not have it any more, and other servers leave it out.
 */
/* @__NO_SIDE_EFFECTS__ */
export function memberPdu() {
  return object({
    sender: string(),
    origin: optional(string()),
    origin_server_ts: integer(),
    type: string(),
    state_key: string(),
    content: object({ membership: string(), join_authorised_via_users_server: optional(string()) }),
  });
}

/** What a server needs to build a membership event in a room of another. */
/* @__NO_SIDE_EFFECTS__ */
export function memberTemplate() {
  return object({ room_version: optional(string()), event: optional(anyObject()) });
}

/** PDUs in the form of a transaction: events that were asked for. */
/* @__NO_SIDE_EFFECTS__ */
export function pduBatch() {
  return object({ origin: string(), origin_server_ts: integer(), pdus: array(anyObject()) });
}

/** A key of cross-signing as one server tells it another (`definitions/cross_signing_key.yaml` of the client API). */
/* @__NO_SIDE_EFFECTS__ */
export function crossSigningKey() {
  return object({
    user_id: string(),
    usage: array(string()),
    keys: record(string()),
    signatures: optional(record(record(string()))),
  });
}

/** What a server tells of a room for a walk through a space. */
/* @__NO_SIDE_EFFECTS__ */
export function spaceRoom() {
  return object({ ...roomSummary(), children_state: array(anyObject()) });
}

/** The same of a child: without its own children. */
/* @__NO_SIDE_EFFECTS__ */
export function spaceChildRoom() {
  return object(roomSummary());
}

/* @__NO_SIDE_EFFECTS__ */
function roomSummary() {
  return {
    canonical_alias: optional(string()),
    name: optional(string()),
    num_joined_members: integer(),
    room_id: string(),
    topic: optional(string()),
    world_readable: boolean(),
    guest_can_join: boolean(),
    avatar_url: optional(string()),
    join_rule: optional(string()),
    room_type: optional(string()),
    allowed_room_ids: optional(array(string())),
    encryption: optional(string()),
    room_version: optional(string()),
  };
}

/** The proof of an identity server that a third-party identifier belongs to a user. */
/* @__NO_SIDE_EFFECTS__ */
export function signedThirdPartyInvite() {
  return object({ mxid: string(), signatures: record(record(string())), token: string() });
}

/** The keys that a server publishes. */
/* @__NO_SIDE_EFFECTS__ */
export function serverKeys() {
  return object({
    server_name: string(),
    verify_keys: record(object({ key: string() })),
    old_verify_keys: optional(record(object({ key: string(), expired_ts: integer() }))),
    signatures: record(record(string())),
    valid_until_ts: integer(),
  });
}

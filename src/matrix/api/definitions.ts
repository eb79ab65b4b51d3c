/** Shapes that several operations of the client-server API share, as the specification's `definitions` name them. */
import { anyObject, anything, array, boolean, integer, object, oneOf, optional, record, string } from '../schema.ts';

/** The key of one session in a backup (`definitions/key_backup_data.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
export function backupSession() {
  return object({
    first_message_index: integer(),
    forwarded_count: integer(),
    is_verified: boolean(),
    session_data: anyObject(),
  });
}

/** A version of the backup of room keys. */
/* @__NO_SIDE_EFFECTS__ */
export function backupVersion() {
  return object({
    algorithm: oneOf(['m.megolm_backup.v1.curve25519-aes-sha2']),
    auth_data: anyObject(),
    count: integer(),
    etag: string(),
    version: string(),
  });
}

/** A device of the account (`definitions/client_device.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
export function clientDevice() {
  return object({
    device_id: string(),
    display_name: optional(string()),
    last_seen_ip: optional(string()),
    last_seen_ts: optional(integer()),
  });
}

/** An event as clients get it (`definitions/client_event.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
export function clientEvent() {
  return object({
    event_id: string(),
    type: string(),
    state_key: optional(string()),
    sender: string(),
    origin_server_ts: integer(),
    content: anyObject(),
    unsigned: optional(anyObject()),
    room_id: string(),
  });
}

/** A key of cross-signing (`definitions/cross_signing_key.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
export function crossSigningKey() {
  return object({
    user_id: string(),
    usage: array(oneOf(['master', 'self_signing', 'user_signing'])),
    keys: record(string()),
    signatures: optional(anyObject()),
  });
}

/** A filter of events outside rooms (`definitions/event_filter.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
function eventFilter() {
  return object({
    limit: optional(integer()),
    not_senders: optional(array(string())),
    not_types: optional(array(string())),
    senders: optional(array(string())),
    types: optional(array(string())),
  });
}

/** A filter of a sync (`definitions/sync_filter.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
export function syncFilter() {
  return object({
    event_fields: optional(array(string())),
    event_format: optional(oneOf(['client', 'federation'])),
    presence: optional(eventFilter()),
    account_data: optional(eventFilter()),
    room: optional(
      object({
        not_rooms: optional(array(string())),
        rooms: optional(array(string())),
        ephemeral: optional(roomEventFilter()),
        include_leave: optional(boolean()),
        state: optional(roomEventFilter()),
        timeline: optional(roomEventFilter()),
        account_data: optional(roomEventFilter()),
      }),
    ),
  });
}

/** What joining a room is asked with. */
/* @__NO_SIDE_EFFECTS__ */
export function joinBody() {
  return object({
    third_party_signed: optional(
      object({ sender: string(), mxid: string(), token: string(), signatures: record(record(string())) }),
    ),
    reason: optional(string()),
  });
}

/** A page of the public directory (`definitions/public_rooms_response.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
export function publicRoomsPage() {
  return object({
    chunk: array(
      object({
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
      }),
    ),
    next_batch: optional(string()),
    prev_batch: optional(string()),
    total_room_count_estimate: optional(integer()),
  });
}

/** One condition of a push rule (`definitions/push_condition.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
export function pushCondition() {
  return object({
    kind: string(),
    key: optional(string()),
    pattern: optional(string()),
    is: optional(string()),
    value: optional(anything()),
  });
}

/** One push rule (`definitions/push_rule.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
export function pushRule() {
  return object({
    actions: array(anything()),
    default: boolean(),
    enabled: boolean(),
    rule_id: string(),
    conditions: optional(array(anything())),
    pattern: optional(string()),
  });
}

/** A page of the events that relate to another. */
/* @__NO_SIDE_EFFECTS__ */
export function relationsPage() {
  return object({
    next_batch: optional(string()),
    prev_batch: optional(string()),
    recursion_depth: optional(integer()),
    chunk: array(clientEvent()),
  });
}

/** What the relations of an event are asked with. */
/* @__NO_SIDE_EFFECTS__ */
export function relationsQuery() {
  return object({
    from: optional(string()),
    to: optional(string()),
    limit: optional(integer()),
    dir: optional(oneOf(['b', 'f'])),
    recurse: optional(boolean()),
  });
}

/** A filter of events in rooms (`definitions/room_event_filter.yaml`). */
/* @__NO_SIDE_EFFECTS__ */
function roomEventFilter() {
  return object({
    limit: optional(integer()),
    not_senders: optional(array(string())),
    not_types: optional(array(string())),
    senders: optional(array(string())),
    types: optional(array(string())),
    unread_thread_notifications: optional(boolean()),
    lazy_load_members: optional(boolean()),
    include_redundant_members: optional(boolean()),
    not_rooms: optional(array(string())),
    rooms: optional(array(string())),
    contains_url: optional(boolean()),
  });
}

/** An event that is asked for by itself: what redacted it comes with it. */
/* @__NO_SIDE_EFFECTS__ */
export function soleEvent() {
  return object({
    event_id: string(),
    type: string(),
    state_key: optional(string()),
    sender: string(),
    origin_server_ts: integer(),
    content: anyObject(),
    unsigned: optional(object({ redacted_because: optional(anything()) })),
    room_id: string(),
  });
}

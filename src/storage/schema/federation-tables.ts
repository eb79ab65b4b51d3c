/**
 * The tables of migration 3: what is kept about other servers. What each is for and why an index exists stands in
 * `docs/data-model.md`.
 */

const SENDING = [
  `CREATE TABLE destinations (
    server @text PRIMARY KEY, acked_position @int NOT NULL, retry_at @int, retry_interval_ms @int NOT NULL,
    last_success_at @int, attempt_id @text, attempt_end @int, attempt_edu @int) @narrow`,
  // `left_position` is 0 while the server is there, so that the servers of a room now are one range of the key.
  `CREATE TABLE room_servers (
    room @int NOT NULL, left_position @int NOT NULL, server @text NOT NULL, joined_position @int NOT NULL,
    PRIMARY KEY (room, left_position, server)) @narrow`,
  'CREATE INDEX room_servers_server ON room_servers (server, left_position)',
  `CREATE TABLE outbound_events (
    position @int PRIMARY KEY, room @int NOT NULL, event @int NOT NULL, also @text) @plain`,
  'CREATE INDEX outbound_events_also ON outbound_events (also, position) WHERE also IS NOT NULL',
  'CREATE TABLE outbound_rooms (room @int PRIMARY KEY, position @int NOT NULL, event @int NOT NULL) @plain',
  'CREATE TABLE outbound_edus (number @serial, server @text NOT NULL, json @text NOT NULL) @plain',
  'CREATE INDEX outbound_edus_server ON outbound_edus (server, number)',
  `CREATE TABLE undeliverable (
    number @serial, server @text NOT NULL, at @int NOT NULL, why @text NOT NULL, json @text NOT NULL) @plain`,
];

const RECEIVING = [
  `CREATE TABLE server_keys (
    server @text NOT NULL, key_id @text NOT NULL, public_key @bytes NOT NULL, valid_until @int NOT NULL,
    is_old @int NOT NULL, json @text NOT NULL, fetched_at @int NOT NULL, PRIMARY KEY (server, key_id)) @plain`,
  `CREATE TABLE inbound_transactions (
    origin @text NOT NULL, transaction_id @text NOT NULL, response @text NOT NULL, received_at @int NOT NULL,
    PRIMARY KEY (origin, transaction_id)) @plain`,
  'CREATE INDEX inbound_transactions_time ON inbound_transactions (received_at)',
  `CREATE TABLE backward_extremities (
    room @int NOT NULL, event_id @bytes NOT NULL, depth @int NOT NULL, PRIMARY KEY (room, event_id)) @narrow`,
  `CREATE TABLE partial_rooms (
    room @int PRIMARY KEY, join_event @bytes NOT NULL, servers @text NOT NULL, attempts @int NOT NULL,
    retry_at @int NOT NULL) @plain`,
  `CREATE TABLE received_messages (
    origin @text NOT NULL, message_id @text NOT NULL, received_at @int NOT NULL,
    PRIMARY KEY (origin, message_id)) @narrow`,
  'CREATE INDEX received_messages_time ON received_messages (received_at)',
];

const REMOTE_DEVICES = [
  'CREATE TABLE remote_device_lists (user_id @text PRIMARY KEY, stream_id @int, stale @int NOT NULL) @narrow',
  `CREATE TABLE remote_devices (
    user_id @text NOT NULL, device @text NOT NULL, json @text, display_name @text,
    PRIMARY KEY (user_id, device)) @plain`,
  'CREATE INDEX device_list_changes_user ON device_list_changes (user_id, position)',
];

const REMOTE_MEDIA = [
  `CREATE TABLE remote_media (
    server @text NOT NULL, media_id @text NOT NULL, blob @text NOT NULL, size_bytes @int NOT NULL, content_type @text,
    file_name @text, fetched_at @int NOT NULL, used_at @int NOT NULL, quarantined @int NOT NULL,
    PRIMARY KEY (server, media_id)) @plain`,
  'CREATE INDEX remote_media_blob ON remote_media (blob)',
  'CREATE INDEX remote_media_used ON remote_media (used_at) WHERE quarantined = 0',
  `CREATE TABLE openid_tokens (
    token_hash @bytes PRIMARY KEY, user_id @text NOT NULL, expires_at @int NOT NULL) @narrow`,
  'CREATE INDEX openid_tokens_expiry ON openid_tokens (expires_at)',
];

export const FEDERATION_TABLES: readonly string[] = [...SENDING, ...RECEIVING, ...REMOTE_DEVICES, ...REMOTE_MEDIA];

/**
 * The logical schema of migration 1, in the marks of `dialect.ts`. What each table is for, who owns it and why an
 * index exists stands in `docs/data-model.md`.
 */

const SERVER = [
  `CREATE TABLE stream (
    one @int PRIMARY KEY, position @int NOT NULL, event @int NOT NULL, room @int NOT NULL, line @int NOT NULL) @plain`,
  'INSERT INTO stream (one, position, event, room, line) VALUES (1, 0, 0, 0, 0)',
  'CREATE TABLE server_values (name @text PRIMARY KEY, value @text NOT NULL) @plain',
];

const EVENTS = [
  `CREATE TABLE events (
    number @int PRIMARY KEY, event_id @bytes NOT NULL, room @int NOT NULL, position @int NOT NULL,
    depth @int NOT NULL, origin_server_ts @int NOT NULL, state_key @int, line @int, line_position @int,
    content_start @int NOT NULL, content_end @int NOT NULL, status @int NOT NULL,
    redacted_by @bytes, rejected_why @text) @plain`,
  'CREATE UNIQUE INDEX events_id ON events (event_id)',
  'CREATE INDEX events_room ON events (room, position)',
  'CREATE INDEX events_state ON events (room, state_key) WHERE state_key IS NOT NULL',
  'CREATE TABLE event_json (number @int PRIMARY KEY, json @text NOT NULL) @plain',
  `CREATE TABLE event_relations (
    child @int PRIMARY KEY, room @int NOT NULL, parent @bytes NOT NULL, rel_type @text NOT NULL, relation_key @text,
    sender @text NOT NULL, type @text NOT NULL, position @int NOT NULL) @plain`,
  'CREATE INDEX event_relations_parent ON event_relations (room, parent, rel_type, position)',
  "CREATE INDEX event_relations_threads ON event_relations (room, position) WHERE rel_type = 'm.thread'",
  'CREATE TABLE forward_extremities (room @int NOT NULL, event @int NOT NULL, PRIMARY KEY (room, event)) @narrow',
  `CREATE TABLE transactions (
    event @int PRIMARY KEY, user_id @text NOT NULL, device @text NOT NULL, scope @text NOT NULL,
    transaction_id @text NOT NULL, sent_at @int NOT NULL) @plain`,
  'CREATE UNIQUE INDEX transactions_id ON transactions (user_id, device, scope, transaction_id)',
  'CREATE TABLE pending_redactions (target @bytes PRIMARY KEY, redaction @bytes NOT NULL) @narrow',
];

const STATE = [
  'CREATE TABLE state_keys (key @serial, type @text NOT NULL, state_key @text NOT NULL) @plain',
  'CREATE UNIQUE INDEX state_keys_pair ON state_keys (type, state_key)',
  `CREATE TABLE state_lines (
    line @int PRIMARY KEY, room @int NOT NULL, parent_line @int, parent_position @int, head @int NOT NULL) @plain`,
  'CREATE INDEX state_lines_room ON state_lines (room)',
  `CREATE TABLE state_log (
    line @int NOT NULL, key @int NOT NULL, position @int NOT NULL, event @int NOT NULL,
    PRIMARY KEY (line, key, position)) @narrow`,
  'CREATE INDEX state_log_walk ON state_log (line, position)',
  `CREATE TABLE current_state (
    room @int NOT NULL, key @int NOT NULL, event @int NOT NULL, membership @int NOT NULL,
    PRIMARY KEY (room, key)) @narrow`,
  'CREATE INDEX current_state_core ON current_state (room, membership, event) WHERE membership = 0',
];

const ROOMS = [
  `CREATE TABLE rooms (
    number @int PRIMARY KEY, room_id @text NOT NULL, version @text NOT NULL, main_line @int NOT NULL,
    main_head @int NOT NULL, joined_count @int NOT NULL, invited_count @int NOT NULL, last_position @int NOT NULL,
    last_depth @int NOT NULL, published @int NOT NULL) @plain`,
  'CREATE UNIQUE INDEX rooms_id ON rooms (room_id)',
  'CREATE INDEX rooms_published ON rooms (joined_count) WHERE published = 1',
  'CREATE TABLE room_aliases (alias @text PRIMARY KEY, room @int NOT NULL, creator @text NOT NULL) @plain',
  'CREATE INDEX room_aliases_room ON room_aliases (room)',
  `CREATE TABLE memberships (
    user_id @text NOT NULL, room @int NOT NULL, membership @int NOT NULL, event @int NOT NULL, position @int NOT NULL,
    sender @text NOT NULL, forgotten @int NOT NULL, stripped_state @text, PRIMARY KEY (user_id, room)) @plain`,
  'CREATE INDEX memberships_room ON memberships (room, membership)',
  'CREATE INDEX memberships_position ON memberships (user_id, position)',
];

const ACCOUNTS = [
  `CREATE TABLE accounts (
    user_id @text PRIMARY KEY, password_hash @text, created_at @int NOT NULL, admin @int NOT NULL, guest @int NOT NULL,
    locked @int NOT NULL, suspended @int NOT NULL, deactivated @int NOT NULL) @plain`,
  `CREATE TABLE devices (
    user_id @text NOT NULL, device @text NOT NULL, display_name @text, created_at @int NOT NULL, last_seen_at @int,
    dehydrated @int NOT NULL, PRIMARY KEY (user_id, device)) @plain`,
  `CREATE TABLE access_tokens (
    token_hash @bytes PRIMARY KEY, user_id @text NOT NULL, device @text NOT NULL, expires_at @int, refresh_hash
    @bytes) @narrow`,
  'CREATE INDEX access_tokens_device ON access_tokens (user_id, device)',
  'CREATE INDEX access_tokens_refresh ON access_tokens (refresh_hash) WHERE refresh_hash IS NOT NULL',
  `CREATE TABLE refresh_tokens (
    token_hash @bytes PRIMARY KEY, user_id @text NOT NULL, device @text NOT NULL, successor_hash @bytes) @narrow`,
  'CREATE INDEX refresh_tokens_device ON refresh_tokens (user_id, device)',
  'CREATE INDEX refresh_tokens_successor ON refresh_tokens (successor_hash) WHERE successor_hash IS NOT NULL',
  `CREATE TABLE registration_tokens (
    token @text PRIMARY KEY, created_at @int NOT NULL, created_by @text, uses_max @int, uses_completed @int NOT NULL,
    expires_at @int, admin @int NOT NULL, rooms @text NOT NULL) @plain`,
  `CREATE TABLE profiles (
    user_id @text NOT NULL, field @text NOT NULL, value @text NOT NULL, folded @text,
    PRIMARY KEY (user_id, field)) @plain`,
  `CREATE TABLE filters (
    user_id @text NOT NULL, filter_id @text NOT NULL, json @text NOT NULL, PRIMARY KEY (user_id, filter_id)) @plain`,
];

const USER_DATA = [
  `CREATE TABLE account_data (
    user_id @text NOT NULL, room @int NOT NULL, type @text NOT NULL, content @text NOT NULL, position @int NOT NULL,
    PRIMARY KEY (user_id, room, type)) @plain`,
  'CREATE INDEX account_data_position ON account_data (user_id, position)',
  `CREATE TABLE receipts (
    room @int NOT NULL, user_id @text NOT NULL, type @text NOT NULL, thread @text NOT NULL, event @bytes NOT NULL,
    event_position @int NOT NULL, sent_at @int NOT NULL, position @int NOT NULL,
    PRIMARY KEY (room, user_id, type, thread)) @narrow`,
  'CREATE INDEX receipts_position ON receipts (room, position)',
  `CREATE TABLE unread (
    user_id @text NOT NULL, room @int NOT NULL, thread @text NOT NULL, counted_to @int NOT NULL, notifications @int
    NOT NULL, highlights @int NOT NULL, PRIMARY KEY (user_id, room, thread)) @narrow`,
  `CREATE TABLE sync_connections (
    user_id @text NOT NULL, device @text NOT NULL, connection @text NOT NULL, pos @text NOT NULL, state @text NOT
    NULL, PRIMARY KEY (user_id, device, connection, pos)) @plain`,
];

const KEYS = [
  `CREATE TABLE device_keys (
    user_id @text NOT NULL, device @text NOT NULL, json @text NOT NULL, PRIMARY KEY (user_id, device)) @plain`,
  `CREATE TABLE one_time_keys (
    number @serial, user_id @text NOT NULL, device @text NOT NULL, algorithm @text NOT NULL, key_id @text NOT NULL,
    json @text NOT NULL) @plain`,
  'CREATE UNIQUE INDEX one_time_keys_id ON one_time_keys (user_id, device, key_id)',
  'CREATE INDEX one_time_keys_next ON one_time_keys (user_id, device, algorithm, number)',
  `CREATE TABLE fallback_keys (
    user_id @text NOT NULL, device @text NOT NULL, algorithm @text NOT NULL, key_id @text NOT NULL, json @text NOT
    NULL, used @int NOT NULL, PRIMARY KEY (user_id, device, algorithm)) @plain`,
  `CREATE TABLE cross_signing_keys (
    user_id @text NOT NULL, usage @text NOT NULL, json @text NOT NULL, PRIMARY KEY (user_id, usage)) @plain`,
  `CREATE TABLE key_signatures (
    target @text NOT NULL, target_key @text NOT NULL, signer @text NOT NULL, signer_key_id @text NOT NULL,
    signature @text NOT NULL, PRIMARY KEY (target, target_key, signer, signer_key_id)) @plain`,
  `CREATE TABLE device_list_changes (
    position @int NOT NULL, user_id @text NOT NULL, PRIMARY KEY (position, user_id)) @narrow`,
  `CREATE TABLE to_device (
    number @serial, user_id @text NOT NULL, device @text NOT NULL, position @int NOT NULL, json @text NOT NULL) @plain`,
  'CREATE INDEX to_device_next ON to_device (user_id, device, position)',
  `CREATE TABLE to_device_transactions (
    user_id @text NOT NULL, device @text NOT NULL, transaction_id @text NOT NULL, sent_at @int NOT NULL, PRIMARY KEY
    (user_id, device, transaction_id)) @narrow`,
  'CREATE TABLE dehydrated_devices (user_id @text PRIMARY KEY, device @text NOT NULL, data @text NOT NULL) @plain',
  `CREATE TABLE backup_versions (
    number @serial, user_id @text NOT NULL, version @text NOT NULL, algorithm @text NOT NULL, auth_data @text NOT
    NULL, etag @int NOT NULL, deleted @int NOT NULL) @plain`,
  'CREATE UNIQUE INDEX backup_versions_id ON backup_versions (user_id, version)',
  `CREATE TABLE backup_keys (
    user_id @text NOT NULL, version @text NOT NULL, room_id @text NOT NULL, session_id @text NOT NULL,
    first_message_index @int NOT NULL, forwarded_count @int NOT NULL, verified @int NOT NULL,
    session_data @text NOT NULL, PRIMARY KEY (user_id, version, room_id, session_id)) @plain`,
];

const MEDIA = [
  `CREATE TABLE media (
    media_id @text PRIMARY KEY, owner @text NOT NULL, created_at @int NOT NULL, blob @text, size_bytes @int NOT NULL,
    content_type @text, file_name @text, expires_at @int, quarantined @int NOT NULL) @plain`,
  'CREATE INDEX media_blob ON media (blob) WHERE blob IS NOT NULL',
  'CREATE INDEX media_pending ON media (owner) WHERE blob IS NULL',
  'CREATE INDEX media_expiry ON media (expires_at) WHERE blob IS NULL',
  `CREATE TABLE thumbnails (
    media_id @text NOT NULL, variant @text NOT NULL, blob @text NOT NULL, content_type @text NOT NULL, size_bytes
    @int NOT NULL, PRIMARY KEY (media_id, variant)) @plain`,
  'CREATE INDEX thumbnails_blob ON thumbnails (blob)',
];

export const FIRST_TABLES: readonly string[] = [
  ...SERVER,
  ...EVENTS,
  ...STATE,
  ...ROOMS,
  ...ACCOUNTS,
  ...USER_DATA,
  ...KEYS,
  ...MEDIA,
];

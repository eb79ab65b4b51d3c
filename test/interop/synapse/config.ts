/** The configuration of a Synapse for tests: SQLite, loopback, the tests' authority, no limits. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { tlsFile } from '../../harness/tls.ts';

export interface SynapsePlan {
  readonly folder: string;
  /** `localhost:<federation port>`: names with a port need neither DNS nor delegation. */
  readonly serverName: string;
  readonly federationPort: number;
  readonly clientPort: number;
  readonly sharedSecret: string;
}

const FREELY = { per_second: 10_000, burst_count: 10_000 };

const LIMITS = {
  rc_message: FREELY,
  rc_registration: FREELY,
  rc_login: { address: FREELY, account: FREELY, failed_attempts: FREELY },
  rc_joins: { local: FREELY, remote: FREELY },
  rc_joins_per_room: FREELY,
  rc_invites: { per_room: FREELY, per_user: FREELY, per_issuer: FREELY },
  rc_key_requests: FREELY,
  rc_media_create: FREELY,
  rc_presence: { per_user: FREELY },
  rc_room_creation: FREELY,
  rc_user_directory: FREELY,
  rc_federation: { window_size: 1000, sleep_limit: 10_000, sleep_delay: 0, reject_limit: 10_000, concurrent: 100 },
  // Receipts are held back so that so many a second go out: none waits.
  federation_rr_transactions_per_room_per_second: 10_000,
};

/** Writes `homeserver.yaml` and what it names; the path of the file. JSON is YAML. */
export function writeSynapseConfig(plan: SynapsePlan): string {
  const { folder, serverName, federationPort, clientPort, sharedSecret } = plan;
  const file = (name: string) => path.join(folder, name);
  const seed = randomBytes(32).toString('base64').replace(/=+$/, '');
  writeFileSync(file('signing.key'), `ed25519 a_test ${seed}\n`);
  const handlers = { console: { class: 'logging.StreamHandler', formatter: 'plain', stream: 'ext://sys.stdout' } };
  const log = {
    version: 1,
    formatters: { plain: { format: '%(asctime)s %(levelname)s %(name)s: %(message)s' } },
    handlers,
    root: { level: 'WARNING', handlers: ['console'] },
    loggers: { 'synapse.app._base': { level: 'INFO' } },
    disable_existing_loggers: false,
  };
  writeFileSync(file('log.yaml'), JSON.stringify(log));
  const listener = { type: 'http', bind_addresses: ['127.0.0.1'] };
  const config = {
    server_name: serverName,
    pid_file: file('synapse.pid'),
    listeners: [
      { ...listener, port: federationPort, tls: true, resources: [{ names: ['federation'] }] },
      { ...listener, port: clientPort, tls: false, resources: [{ names: ['client'] }] },
    ],
    tls_certificate_path: tlsFile('server.pem'),
    tls_private_key_path: tlsFile('server.key'),
    federation_custom_ca_list: [tlsFile('ca.pem')],
    ip_range_blacklist: [],
    ip_range_whitelist: ['127.0.0.1'],
    database: { name: 'sqlite3', args: { database: file('homeserver.db') } },
    media_store_path: file('media'),
    log_config: file('log.yaml'),
    signing_key_path: file('signing.key'),
    registration_shared_secret: sharedSecret,
    macaroon_secret_key: randomBytes(16).toString('hex'),
    form_secret: randomBytes(16).toString('hex'),
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    report_stats: false,
    presence: { enabled: true },
    allow_public_rooms_over_federation: true,
    room_list_publication_rules: [{ action: 'allow' }],
    allow_device_name_lookup_over_federation: true,
    // A server that was away is asked again soon; a number without a unit is milliseconds.
    federation: {
      client_timeout: '10s',
      max_short_retries: 1,
      max_long_retries: 1,
      destination_min_retry_interval: 100,
      destination_max_retry_interval: '1s',
    },
    // Passwords of tests need not resist anybody.
    bcrypt_rounds: 4,
    ...LIMITS,
  };
  const target = file('homeserver.yaml');
  writeFileSync(target, JSON.stringify(config, undefined, 2));
  return target;
}

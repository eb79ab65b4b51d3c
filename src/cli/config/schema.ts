/**
 * The one schema of `postern.yaml`. Defaults, the JSON schema, the documentation page, the texts of errors and the
 * names of environment variables and flags all come from here.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { CertificateSource, CertificatesSchema, Secret } from './schema-certificates.ts';
import { DnsSchema } from './schema-dns.ts';

/** A key whose other values have no effect yet: they are refused instead of being ignored. */
export const LATER = 'x-postern-later';

interface KeyOptions {
  /** Only the default is supported so far. */
  readonly later?: boolean;
}

function options(description: string, value: unknown, key: KeyOptions): Record<string, unknown> {
  return { description, default: value, ...(key.later === true && { [LATER]: true }) };
}

function text(description: string, value: string, key: KeyOptions = {}) {
  return Type.String(options(description, value, key));
}

function optionalText(description: string, key: KeyOptions = {}) {
  return Type.Union([Type.String(), Type.Null()], options(description, null, key));
}

function flag(description: string, value: boolean, key: KeyOptions = {}) {
  return Type.Boolean(options(description, value, key));
}

function integer(
  description: string,
  value: number,
  limits: { minimum: number; maximum: number },
  key: KeyOptions = {},
) {
  return Type.Integer({ ...options(description, value, key), ...limits });
}

function choice<const T extends string[]>(description: string, values: [...T], value: T[number], key: KeyOptions = {}) {
  return Type.Enum(values, options(description, value, key));
}

function list<T extends TSchema>(description: string, items: T, value: unknown[], key: KeyOptions = {}) {
  return Type.Array(items, options(description, value, key));
}

function map<T extends TSchema>(description: string, values: T, key: KeyOptions = {}) {
  return Type.Record(Type.String(), values, options(description, {}, key));
}

function section<P extends Record<string, TSchema>>(description: string, properties: P) {
  return Type.Object(properties, { description, additionalProperties: false });
}

function secret(description: string, value: unknown, key: KeyOptions = {}) {
  return Type.Union([Secret, Type.Null()], options(description, value, key));
}

/** Every API a listener can serve. */
const APIS = [
  'client',
  'media',
  'admin',
  'web',
  'identity',
  'push',
  'federation',
  'keys',
  'link',
  'metrics',
  'dns',
  'acme',
] as const;
/** Those that exist so far. */
export const SUPPORTED_APIS = [
  'client',
  'media',
  'admin',
  'web',
  'federation',
  'keys',
  'link',
  'metrics',
  'dns',
  'acme',
] as const;

const Listener = Type.Object(
  {
    address: Type.String({ description: 'IP address to listen on.' }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, description: 'Port; 0 lets the system choose.' }),
    apis: Type.Array(Type.Enum([...APIS]), { description: 'What this listener serves.' }),
    tls: Type.Optional(
      Type.Union(CertificateSource, {
        description:
          'PEM files, read again when they change, or {managed: NAME} of certificates.managed. Without it the ' +
          'listener speaks plain HTTP.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Private, loopback, link-local, documentation and transition ranges. */
const DENIED_RANGES = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24',
  '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24',
  '224.0.0.0/4', '240.0.0.0/4', '::/128', '::1/128', '64:ff9b::/96', '100::/64', '2001::/32', '2001:db8::/32',
  '2002::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8',
]; // biome-ignore format: a table reads better in rows

export const ConfigSchema = section('The configuration of one Postern server.', {
  serverName: text(
    'The name of the server, the part after the colon of every user id. It may carry a port. Permanent.',
    'localhost',
  ),
  dataDir: text('Where everything durable is kept: database, media, keys.', './postern-data'),
  publicBaseUrl: optionalText(
    'The URL under which clients reach this server. Default: the first listener that serves "client".',
  ),
  roles: list(
    'What "postern up" runs here: homeserver or relay, and dns for the sockets of dns.listeners beside a relay.',
    Type.Enum(['homeserver', 'relay', 'dns']),
    ['homeserver'],
  ),
  listeners: list('Sockets to listen on.', Listener, [
    { address: '127.0.0.1', port: 8008, apis: ['client', 'media', 'admin', 'web'] },
  ]),
  storage: section('The database.', {
    engine: choice('SQLite in dataDir, or a PostgreSQL server.', ['sqlite', 'postgres'], 'sqlite'),
    url: optionalText('PostgreSQL: postgres://user:password@host/database'),
    encryption: section('Encryption of the whole SQLite file.', {
      key: Type.Union(
        [Secret, Type.Object({ prompt: Type.Literal(true) }, { additionalProperties: false }), Type.Null()],
        {
          description:
            'The passphrase; {prompt: true} asks for it at every start. Null leaves the database unencrypted.',
          default: null,
        },
      ),
    }),
  }),
  signingKey: secret('The key that signs events; made at the first start.', { file: 'signing.key' }),
  registration: section('Who may make an account.', {
    mode: choice(
      'open: everybody, unverified; token and invite: whoever has a token or an invite link; closed: nobody.',
      ['open', 'token', 'invite', 'closed'],
      'token',
    ),
    guests: flag('Accounts without registration.', false, { later: true }),
    sharedSecret: secret('Lets tools register accounts at /_synapse/admin/v1/register.', null),
  }),
  passwords: section('Hashing of passwords.', {
    cost: choice('standard: argon2id with 19 MiB; minimal exists for tests.', ['standard', 'minimal'], 'standard'),
  }),
  rooms: section('Rooms made here.', {
    defaultVersion: choice(
      'Room version of new rooms.',
      ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'],
      '12',
    ),
  }),
  rateLimits: section('Limits on requests.', { enabled: flag('Refuse callers that ask too often.', true) }),
  presence: section('Who is online.', {
    enabled: flag('Tell it to users who share a room.', true),
    federate: flag('Tell it to other servers.', false),
  }),
  typing: section('Who is typing.', { federate: flag('Tell it to other servers.', true) }),
  network: section('Outgoing connections.', {
    hosts: map('Private name resolution for every outgoing request: name → IP address.', Type.String()),
    denyRanges: list(
      'Address ranges that outgoing requests never reach; [] allows all. Addresses of network.hosts and ' +
        'federation.overrides are always reached.',
      Type.String(),
      DENIED_RANGES,
    ),
    extraCa: list('PEM files of further certificate authorities to trust.', Type.String(), []),
    proxy: optionalText('http:// or socks5:// proxy for outgoing requests; private addresses are reached without it.'),
    via: map(
      'Hosts that another node connects to instead: name (and what is below it) or * → link:NODE, which lists them ' +
        'in its links.peers. Not for addresses of network.hosts and federation.overrides.',
      Type.String(),
    ),
    trustedProxies: list('Address ranges of reverse proxies whose X-Forwarded-For is believed.', Type.String(), []),
  }),
  federation: section('Other servers.', {
    enabled: flag('Talk with other servers.', true),
    publicName: optionalText(
      'Name (and port) under which other servers reach this one: what /.well-known/matrix/server says. ' +
        'Default: drawn from publicBaseUrl and the listeners.',
    ),
    overrides: map(
      'How to reach a server, whatever its name resolves to: connect lists host:port, or link:NODE for a node of ' +
        'links.peers; order is race (the first that answers) or listed; pin (sha256/…) names the public key of its ' +
        'certificate, which is then all that counts.',
      Type.Object(
        {
          connect: Type.Array(Type.String()),
          order: Type.Optional(Type.Enum(['race', 'listed'])),
          pin: Type.Optional(Type.Union([Type.String(), Type.Null()])),
        },
        { additionalProperties: false },
      ),
    ),
    trustedKeyServers: list('Servers that vouch for the keys of others.', Type.String(), []),
    retry: section('Back-off of a destination that does not answer.', {
      initialMs: integer('First pause.', 1_000, { minimum: 1, maximum: 3_600_000 }),
      maxMs: integer('Longest pause.', 3_600_000, { minimum: 1, maximum: 86_400_000 }),
    }),
    allow: Type.Union([Type.Array(Type.String()), Type.Null()], {
      description: 'Closed federation: only these servers.',
      default: null,
    }),
  }),
  routes: section('How clients reach this server: what invites and the signed route manifest say.', {
    list: list(
      'The routes in the order of preference: https://host[:port][/path], or webrtc://address:port for the port of ' +
        'routes.webRtc as it is seen from outside; zone (home, idc or abroad) says where the far end stands. ' +
        'Empty: publicBaseUrl alone.',
      Type.Object(
        { url: Type.String(), zone: Type.Optional(Type.Enum(['home', 'idc', 'abroad'])) },
        { additionalProperties: false },
      ),
      [],
    ),
    pathSecret: secret(
      'Answers everything below /x/SECRET, too (16 to 64 letters, digits, - or _), and puts that path on the https ' +
        'routes that have none.',
      null,
    ),
    stealth: flag('Clients are answered below the path secret only; everybody else finds a small site.', false),
    webRtc: Type.Union(
      [
        Type.Null(),
        Type.Object(
          { address: Type.String(), port: Type.Integer({ minimum: 1, maximum: 65_535 }) },
          { additionalProperties: false },
        ),
      ],
      {
        description: 'The UDP port of WebRTC-direct; silent to whoever has no invite and no manifest.',
        default: null,
      },
    ),
  }),
  links: section('Connections with other nodes, which either side may open.', {
    key: secret('The key by which other nodes know this one; made at the first start with a peer.', {
      file: 'link.key',
    }),
    path: text(
      'Where listeners with the api "link" take the calls of peers; a random one hides it. One without tls takes ' +
        'only calls as WebSockets, for a web server in front of it.',
      '/link',
    ),
    peers: map(
      'Node → its key (ed25519:…, as its own "postern link" prints it); dial lists host:port, and wss:// URLs ' +
        'of ordinary sites on which it takes calls at its links.path, tried after the others; nothing where it dials ' +
        'us; sni is the name that the connection asks for, none unless it is set; carries lists what it may reach ' +
        'here: federation, client (a relay), certificates (to send them), reach (to ask whether its ports are open); ' +
        'egress lists places (host:port, *.host:port, *:port) that it may reach through this node.',
      Type.Object(
        {
          key: Type.String(),
          dial: Type.Optional(Type.Array(Type.String())),
          sni: Type.Optional(Type.String()),
          carries: Type.Optional(Type.Array(Type.Enum(['federation', 'client', 'certificates', 'reach']))),
          egress: Type.Optional(Type.Array(Type.String())),
        },
        { additionalProperties: false },
      ),
    ),
  }),
  relay: Type.Union(
    [
      Type.Null(),
      Type.Object(
        {
          address: Type.String(),
          port: Type.Integer({ minimum: 0, maximum: 65_535 }),
          names: Type.Array(Type.String(), { minItems: 1 }),
          to: Type.String(),
          site: Type.Union(CertificateSource),
          connections: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
          connectionsPerAddress: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
          bytesPerSecond: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000_000 })),
        },
        { additionalProperties: false },
      ),
    ],
    {
      description:
        'The front of a server elsewhere, on a port of this line: connections that ask for one of names are passed ' +
        'on, TLS untouched, to a node of links.peers (link:NODE) or to host:port; all others find a small site with ' +
        'the certificate of site (files, or {managed: NAME}). Run by "postern relay".',
      default: null,
    },
  ),
  certificates: CertificatesSchema,
  dns: DnsSchema,
  appservices: list('Registration files of application services.', Type.String(), [], { later: true }),
  mail: Type.Union(
    [
      Type.Null(),
      Type.Object({
        from: Type.String(),
        smtp: Type.Object({
          host: Type.String(),
          port: Type.Integer(),
          tls: Type.Enum(['implicit', 'starttls', 'none']),
          user: Type.Optional(Type.String()),
          password: Type.Optional(Secret),
        }),
      }),
    ],
    { description: 'How mail is sent.', default: null, [LATER]: true },
  ),
  captcha: Type.Union(
    [Type.Null(), Type.Object({ siteKey: Type.String(), secret: Secret, verifyUrl: Type.String() })],
    { description: 'A captcha at registration.', default: null, [LATER]: true },
  ),
  identity: section('The identity server.', {
    enabled: flag('Run it in this process.', false, { later: true }),
    trustedServers: list('Other identity servers that users may name.', Type.String(), [], { later: true }),
  }),
  push: section('The push gateway.', { enabled: flag('Run it in this process.', false, { later: true }) }),
  auth: section('Ways to log in.', {
    oauth: flag('The OAuth 2.0 API.', false, { later: true }),
    legacyPassword: flag('Password login through the classic API.', true, { later: true }),
    passkeys: flag('Passkeys.', false, { later: true }),
    totp: choice('One-time codes.', ['off', 'optional', 'required'], 'off', { later: true }),
    upstream: list('Other OpenID providers.', Type.Unknown(), [], { later: true }),
  }),
  calls: section('Voice and video.', {
    turn: section('The TURN server.', { embedded: flag('Run it in this process.', false, { later: true }) }),
    sfu: choice('The forwarding unit of group calls.', ['off', 'embedded'], 'off', { later: true }),
  }),
  media: section('Uploaded files.', {
    maxUploadBytes: integer('Largest upload.', 104_857_600, { minimum: 1, maximum: 10_737_418_240 }),
    store: section('Where the bytes are kept.', {
      kind: choice('local: files below dataDir.', ['local', 's3'], 'local', { later: true }),
    }),
    remoteRetention: text('How long media of other servers are kept after their last use, for example 30d.', '30d'),
    urlPreviews: flag('Fetch previews of links for clients.', false, { later: true }),
  }),
  serverNotices: section('Notices from the server to its users.', {
    localpart: text('Localpart of the account that sends them.', '_server', { later: true }),
    displayName: text('Its display name.', 'Server notices', { later: true }),
  }),
  retention: section('What is forgotten, and when.', {
    redactedContent: text('How long the content of a redacted event is kept.', '0s', { later: true }),
    forgottenRooms: choice('What happens to a room that every local user has forgotten.', ['purge', 'keep'], 'purge'),
  }),
  metrics: section('Prometheus metrics.', { enabled: flag('Serve /metrics on listeners with apis: [metrics].', true) }),
  tracing: section('Traces.', { otlp: optionalText('URL of an OpenTelemetry collector.', { later: true }) }),
  log: section('The log.', {
    level: choice('Least severity that is written.', ['debug', 'info', 'warn', 'error'], 'info'),
    format: choice('pretty for people, json for machines.', ['pretty', 'json'], 'pretty'),
  }),
});

export type Config = Static<typeof ConfigSchema>;

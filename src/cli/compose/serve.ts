/** The composition root of `postern serve`: ports, services, routes, listeners. */
import path from 'node:path';
import { type DirectCertificate, type DirectPort, openDirectCertificate } from '../../adapters/webrtc/index.ts';
import { systemClock } from '../../adapters/clock/index.ts';
import { createCrypto } from '../../adapters/crypto/index.ts';
import { createImages } from '../../adapters/images/index.ts';
import { createLog } from '../../adapters/log/index.ts';
import { createMetrics } from '../../adapters/metrics/index.ts';
import { createPasswordHasher } from '../../adapters/passwords/index.ts';
import { createRandom } from '../../adapters/random/index.ts';
import { present } from '../../lib/assert.ts';
import { CertificateFolder } from '../../deploy/certificates/folder.ts';
import type { DnsService } from '../../deploy/dns/service.ts';
import type { Links } from '../../link/index.ts';
import { parseServerName, type ServerName } from '../../matrix/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Http } from '../../ports/http.ts';
import type { Log } from '../../ports/log.ts';
import { Housekeeping, Purge } from '../../server/background/index.ts';
import type { Context } from '../../server/context.ts';
import type { ServerFacts, Services } from '../../server/services.ts';
import { Stream } from '../../server/stream/index.ts';
import { FileBlobs } from '../../storage/blobs/index.ts';
import { openStore } from '../../storage/open.ts';
import { durationMs } from '../config/duration.ts';
import type { Config } from '../config/schema.ts';
import { askSecret, readSecret, type SecretValue } from '../config/secrets.ts';
import { openDirectDoor } from './direct.ts';
import { openAnswerer, openDns } from './dns.ts';
import { createLinkedPorts, type LinkDoors } from './links.ts';
import { type ManagedCertificates, openManaged } from './managed.ts';
import { openListeners, type OpenListeners, webFolder } from './listeners.ts';
import { createServices } from './services.ts';
import { packageVersion } from './package-version.ts';
import { federationName, peersOptions } from './peers.ts';
import { configuredRoutes, secretPath } from './routes.ts';
import { openReach } from './reach.ts';
import { openSigningKeys, parseSigningKeys, type SigningKeys } from './signing-key.ts';
import { SOCKET_NAME } from './socket-name.ts';

export interface ServeOptions {
  readonly config: Config;
  /** Relative paths of the configuration start here. */
  readonly baseDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Tests bring their own. */
  readonly clock?: Clock;
  readonly log?: Log;
  /** The built web client; `dist/www` where it is not said. */
  readonly webFolder?: string;
}

export interface RunningServer {
  readonly services: Services;
  readonly listeners: OpenListeners;
  readonly publicBaseUrl: string;
  /** Where the configuration has a private zone with sockets of its own. */
  readonly dns: DnsService | undefined;
  /** Where the configuration has certificates of its own. */
  readonly certificates: ManagedCertificates | undefined;
  /** Where the configuration has a WebRTC port. */
  readonly direct: DirectPort | undefined;
  /** Ends requests, writes what is on its way, closes the store. */
  close(): Promise<void>;
}

const GRACE_MS = 3_000;

export interface RunningServices {
  readonly services: Services;
  /** Not started yet; none where there is no peer. */
  readonly links: Links | undefined;
  readonly doors: LinkDoors;
  /** The gate for outgoing requests. */
  readonly http: Http;
  close(): Promise<void>;
}

/** Opens the store and makes the services, without listening. */
export async function startServices(options: ServeOptions): Promise<RunningServices> {
  const { config } = options;
  const dataDir = dataDirOf(options);
  const log = options.log ?? createLog(config.log);
  const signingKeys = signingKeysOf(options, dataDir);
  const parts = {
    clock: options.clock ?? systemClock,
    random: createRandom(),
    crypto: await createCrypto(),
    log,
    metrics: createMetrics({ process: true }),
  };
  const { ports, links, doors } = createLinkedPorts({ ...options, dataDir }, parts, packageVersion());
  const store = await openStore({
    ...(await storageOptions(options, dataDir)),
    cryptoModule: cryptoModule(),
    signingKeys: [signingKeys.current],
    log: log.child('storage'),
  });
  const images = createImages();
  const below = secretPath(config, places(options));
  const certificate = await directCertificate(options, dataDir, parts);
  const context: Context = { ...parts, serverName: serverNameOf(config), store, stream: new Stream() };
  const services = createServices(context, {
    facts: factsOf(config),
    registration: config.registration.mode,
    sharedSecret: readSecret(config.registration.sharedSecret, 'registration.sharedSecret', places(options)),
    hasher: await createPasswordHasher({ cost: config.passwords.cost }),
    signingKey: signingKeys.current,
    peers: peersOptions(config, signingKeys, ports),
    retry: config.federation.retry,
    presence: config.presence.enabled,
    tells: { typing: config.typing.federate, presence: config.presence.enabled && config.presence.federate },
    routes: {
      routes: configuredRoutes(config, { path: below, publicBaseUrl: publicUrl(config) }),
      fingerprint: certificate?.fingerprint,
    },
    media: {
      blobs: new FileBlobs(path.join(dataDir, 'media')),
      images,
      maxUploadBytes: config.media.maxUploadBytes,
      remoteRetentionMs: present(durationMs(config.media.remoteRetention), 'the configuration was checked'),
    },
  });
  const { federation, rooms } = services;
  const sentUpTo = () => (config.federation.enabled ? federation.outbound.settled : undefined);
  const purge = config.retention.forgottenRooms === 'purge' ? new Purge({ context, rooms, sentUpTo }) : undefined;
  await purge?.start();
  const housekeeping = new Housekeeping(context, services.media, purge);
  housekeeping.start();
  if (config.federation.enabled) await services.federation.start();
  links?.onUp((node) => services.peers.noteReachable(node));
  return {
    services,
    links,
    doors,
    http: ports.http,
    close: async () => {
      links?.close();
      housekeeping.stop();
      await purge?.close();
      await services.federation.close();
      await services.peers.close();
      await services.sync.sliding.close();
      images?.close();
      await store.close();
    },
  };
}

/** Starts a server; when this resolves it answers. */
export async function startServer(options: ServeOptions): Promise<RunningServer> {
  const { services, links, doors, http, close } = await startServices(options);
  let managed: ManagedCertificates | undefined;
  try {
    const { config, baseDir } = options;
    const dataDir = dataDirOf(options);
    managed = await openManaged({ ...options, dataDir, parts: services.context, http, links, doors });
    const socket = path.join(dataDirOf(options), SOCKET_NAME);
    const answerer = await openAnswerer(config, links);
    const listeners = await openListeners(services, {
      config,
      baseDir,
      socket,
      files: options.webFolder ?? webFolder(),
      links,
      doors,
      secretPath: secretPath(config, places(options)),
      dns: answerer && ((message) => answerer(message, 'stream')),
      managed,
    });
    const dns = await openDns(config, answerer, services.context).catch(async (error: unknown) => {
      await listeners.close(0);
      throw error;
    });
    const direct = await openDirect(options, services, listeners);
    links?.start();
    managed?.manager.start();
    const desk = openReach({ config, dataDir, links, doors, parts: services.context });
    const closeAll = async (): Promise<void> => {
      // Connections of links are no longer those of their listener, which would wait for them for ever.
      desk?.close();
      links?.close();
      await managed?.close();
      await dns?.close();
      direct?.close();
      await listeners.close(GRACE_MS);
      await close();
    };
    const { publicBaseUrl } = services.facts;
    return { services, listeners, dns, certificates: managed, direct, publicBaseUrl, close: closeAll };
  } catch (error) {
    await managed?.close();
    await close();
    throw error;
  }
}

/** Made at the first start with a WebRTC port, and kept: clients know its fingerprint. */
async function directCertificate(
  { config }: ServeOptions,
  dataDir: string,
  { clock }: Pick<Context, 'clock'>,
): Promise<DirectCertificate | undefined> {
  return config.routes.webRtc === null
    ? undefined
    : await openDirectCertificate(new CertificateFolder(dataDir), clock.now());
}

async function openDirect(
  options: ServeOptions,
  services: Services,
  { clients }: OpenListeners,
): Promise<DirectPort | undefined> {
  const { webRtc } = options.config.routes;
  const certificate = await directCertificate(options, dataDirOf(options), services.context);
  if (webRtc === null || certificate === undefined) return undefined;
  return await openDirectDoor({ services, place: webRtc, certificate, handle: clients });
}

function factsOf(config: Config): ServerFacts {
  return {
    publicBaseUrl: publicUrl(config),
    defaultRoomVersion: config.rooms.defaultVersion,
    maxUploadBytes: config.media.maxUploadBytes,
    federationName: federationName(config),
    version: packageVersion(),
  };
}

function serverNameOf({ serverName }: Config): ServerName {
  return present(parseServerName(serverName), 'the configuration was checked');
}

function dataDirOf({ config, baseDir }: ServeOptions): string {
  return path.resolve(baseDir, config.dataDir);
}

function places({ baseDir, environment }: ServeOptions): { baseDir: string; environment: ServeOptions['environment'] } {
  return { baseDir, environment };
}

function signingKeysOf(options: ServeOptions, dataDir: string): SigningKeys {
  const value: SecretValue = options.config.signingKey;
  // The file is made where it is missing, in the data folder unless its path says otherwise.
  if (value !== null && typeof value === 'object' && 'file' in value) {
    return openSigningKeys(path.resolve(dataDir, value.file), createRandom());
  }
  return parseSigningKeys(present(readSecret(value, 'signingKey', places(options)), 'the signing key is configured'));
}

type StorageChoice = { engine: 'sqlite'; folder: string; encryptionKey?: string } | { engine: 'postgres'; url: string };

async function storageOptions(options: ServeOptions, dataDir: string): Promise<StorageChoice> {
  const { storage } = options.config;
  if (storage.engine === 'postgres') {
    return { engine: 'postgres', url: present(storage.url, 'the configuration was checked') };
  }
  const value = storage.encryption.key;
  const isPrompt = typeof value === 'object' && value !== null && 'prompt' in value;
  const key = isPrompt
    ? await askSecret('storage.encryption.key')
    : readSecret(value, 'storage.encryption.key', places(options));
  return { engine: 'sqlite', folder: dataDir, ...(key !== undefined && { encryptionKey: key }) };
}

/** The writer thread loads this module by its URL. */
function cryptoModule(): string {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`../../adapters/crypto/index${extension}`, import.meta.url).href;
}

/** The URL under which clients reach the server: the configured one, or that of the first listener for clients. */
export function publicUrl(config: Config): string {
  if (config.publicBaseUrl !== null) return config.publicBaseUrl.replace(/\/+$/, '');
  const listener = config.listeners.find((one) => one.apis.includes('client')) ?? config.listeners[0];
  const scheme = listener?.tls === undefined ? 'http' : 'https';
  const name = config.serverName.replace(/:[0-9]+$/, '');
  return `${scheme}://${name}:${listener?.port ?? 8008}`;
}

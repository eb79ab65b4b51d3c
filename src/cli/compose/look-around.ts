/** What the doctor sees of the network: from a topology or from the configuration of this server. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { getCACertificates } from 'node:tls';
import { systemClock } from '../../adapters/clock/index.ts';
import { createCrypto } from '../../adapters/crypto/index.ts';
import { factsOf } from '../../deploy/certificates/check.ts';
import { gatherNetwork, type RouteQuestion } from '../../deploy/facts/network.ts';
import { createProbes, type Probes } from '../../deploy/facts/probes.ts';
import { forbiddenStates, namesToResolve, nodeQuestions, userQuestions } from '../../deploy/facts/questions.ts';
import { dropQuestion, findAnswer, leaveQuestion } from '../../deploy/reach/desk.ts';
import type { DelegationFact, FederationFact, NetworkFacts } from '../../deploy/topology/network-facts.ts';
import type { Topology, TopologyNode } from '../../deploy/topology/topology.ts';
import { asObject, getString } from '../../matrix/json.ts';
import { parseJson } from '../../matrix/json-parse.ts';
import { parseServerName } from '../../matrix/ids.ts';
import { OperationError } from '../../matrix/errors.ts';
import { splitServerName } from '../../matrix/server-address.ts';
import type { HttpDestination } from '../../ports/http.ts';
import { readPublishedKeys } from '../../rules/signatures/published-keys.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../config/sources.ts';
import { certificateFolder, managedOf } from './managed.ts';
import { packageVersion } from './package-version.ts';
import { createPeerPorts, federationName, type PeerPorts } from './peers.ts';
import { reachTexts } from './reach.ts';

export interface LookOptions {
  readonly isPatient: boolean;
  /** Tests bring their own. */
  readonly probes?: Probes;
}

const ANSWER_BYTES_MAX = 65_536;
const TIMEOUT_MS = 10_000;
/** Services by which phones are woken, where the owner has turned their use on. */
const PUSH_HOSTS = ['fcm.googleapis.com', 'updates.push.services.mozilla.com', 'web.push.apple.com'];

type Forbidden = NetworkFacts['forbidden'];

const NOTHING: Omit<NetworkFacts, 'viewpoint' | 'nowMs' | 'names' | 'routes' | 'ipv6'> = {
  certificates: [],
  federation: [],
  delegation: undefined,
  reach: [],
  push: [],
  forbidden: { unlicensed: [], homePorts: [], guessable: [] },
};

function probesOf(config: Config | undefined, baseDir: string): Probes {
  const extraCa = (config?.network.extraCa ?? []).map((file) => readFileSync(path.resolve(baseDir, file), 'utf8'));
  return createProbes({ extraCa, authorities: [...getCACertificates('default'), ...getCACertificates('system')] });
}

/** From where a user stands: the routes of a topology, or those that the user was given. */
export async function lookAsUser(
  topology: Topology | undefined,
  given: readonly RouteQuestion[],
  { isPatient, probes = probesOf(undefined, '.') }: LookOptions,
): Promise<NetworkFacts> {
  const routes = given.length > 0 || topology === undefined ? given : userQuestions(topology);
  const gathered = await gatherNetwork({ routes, doh: topology?.devices.doh, isPatient }, probes);
  return { ...NOTHING, ...gathered, viewpoint: 'user', nowMs: probes.now() };
}

/** From one node of a topology, on which this runs. */
export async function lookFrom(
  topology: Topology,
  node: TopologyNode,
  { isPatient, probes = probesOf(undefined, '.') }: LookOptions,
): Promise<NetworkFacts> {
  const questions = { routes: nodeQuestions(topology, node), doh: topology.devices.doh, isPatient };
  const gathered = await gatherNetwork(questions, probes);
  const push = topology.pushVia === node.name ? await Promise.all(PUSH_HOSTS.map((host) => reaches(host, probes))) : [];
  const forbidden = await forbiddenOf(topology, probes);
  return { ...NOTHING, ...gathered, viewpoint: 'server', nowMs: probes.now(), push, forbidden };
}

async function reaches(host: string, probes: Probes): Promise<{ host: string; isReached: boolean }> {
  const [address] = (await probes.lookUp(host)).addresses;
  if (address === undefined) return { host, isReached: false };
  return { host, isReached: (await probes.greet({ address, port: 443 }, host, host)).outcome === 'ok' };
}

async function forbiddenOf(topology: Topology, probes: Probes): Promise<Forbidden> {
  const names: { name: string; addresses: readonly string[] }[] = [];
  for (const name of namesToResolve(topology)) {
    names.push({ name, addresses: (await probes.lookUp(name)).addresses });
  }
  return forbiddenStates(topology, names);
}

/** From this server, by its configuration. */
export async function lookFromServer(loaded: LoadedConfig, options: LookOptions): Promise<NetworkFacts> {
  const { config, baseDir } = loaded;
  const { isPatient, probes = probesOf(config, baseDir) } = options;
  const gathered = await gatherNetwork({ routes: ownRoutes(config), doh: undefined, isPatient }, probes);
  const ports = createPeerPorts({ config, baseDir, clock: systemClock, version: packageVersion() });
  try {
    return {
      ...NOTHING,
      ...gathered,
      viewpoint: 'server',
      nowMs: probes.now(),
      certificates: localCertificates(loaded),
      federation: config.federation.enabled ? await federationFacts(config, ports) : [],
      delegation: await delegationFact(config, ports),
    };
  } finally {
    await ports.http.close();
  }
}

/** The address under which clients come, where it is one that others see. */
function ownRoutes({ publicBaseUrl, network }: Config): RouteQuestion[] {
  const url = publicBaseUrl === null || !URL.canParse(publicBaseUrl) ? undefined : new URL(publicBaseUrl);
  if (url === undefined || url.protocol !== 'https:' || url.hostname === 'localhost') return [];
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const own = Object.entries(network.hosts).find(([name]) => name.toLowerCase() === host);
  const port = url.port === '' ? 443 : Number(url.port);
  const pinned = own === undefined ? { expected: [] } : { expected: [own[1]], isPinned: true };
  return [{ route: `https://${url.host}`, host, port, otherPorts: [], ...pinned }];
}

function localCertificates({ config, baseDir, dataDir }: LoadedConfig): NetworkFacts['certificates'] {
  const found: { place: string; validFrom: number; validTo: number }[] = [];
  const add = (place: string, text: string | undefined): void => {
    const facts = text === undefined ? undefined : factsOf(text);
    if (facts !== undefined) found.push({ place, validFrom: facts.validFrom, validTo: facts.validTo });
  };
  const folder = certificateFolder(dataDir);
  for (const { id } of managedOf(config)) add(id, folder.readCertificate(id)?.certificate);
  for (const tls of [...config.listeners.map((one) => one.tls), config.relay?.site]) {
    if (tls === undefined || !('certificate' in tls)) continue;
    add(tls.certificate, readIfThere(path.resolve(baseDir, tls.certificate)));
  }
  return found;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The start of the server says so.
    return undefined;
  }
}

/** Asks each server that the configuration names for its keys, and checks that they are its own. */
async function federationFacts(config: Config, ports: PeerPorts): Promise<FederationFact[]> {
  const crypto = await createCrypto();
  const facts: FederationFact[] = [];
  for (const [server, { connect, order = 'race', pin }] of Object.entries(config.federation.overrides)) {
    const targets = connect.flatMap((place) => {
      const { host, port } = splitServerName(place);
      // What goes over a link is asked by the server that has it.
      return port === undefined || place.startsWith('link:') ? [] : [{ host: host.replace(/^\[|\]$/g, ''), port }];
    });
    const name = parseServerName(server);
    if (targets.length === 0 || name === undefined) continue;
    const { host } = splitServerName(server);
    const certificateName = host.replace(/^\[|\]$/g, '');
    const destination: HttpDestination = {
      scheme: 'https',
      targets,
      order,
      certificateName,
      host: server,
      isOwners: true,
      ...(pin !== null && { pin }),
    };
    try {
      const body = await ask(ports, destination, '/_matrix/key/v2/server');
      const read = body === undefined ? undefined : readPublishedKeys(body, name, crypto.ed25519Verify.bind(crypto));
      if (read !== undefined && 'keys' in read) facts.push({ server, outcome: 'ok', why: '' });
      else facts.push({ server, outcome: 'not authentic', why: read?.why ?? 'the answer is no list of keys' });
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      const outcome = error.kind === 'not authenticated' ? 'not authentic' : 'unreachable';
      facts.push({ server, outcome, why: error.kind });
    }
  }
  return facts;
}

async function ask(ports: PeerPorts, destination: HttpDestination, where: string) {
  const request = {
    destination,
    method: 'GET',
    path: where,
    bytesMax: ANSWER_BYTES_MAX,
    timeoutMs: TIMEOUT_MS,
  } as const;
  const answer = await ports.http.request({ ...request, redirectsMax: where.startsWith('/.well-known') ? 5 : 0 });
  if (answer.status !== 200) return undefined;
  try {
    return asObject(parseJson(answer.bytes, { maxDepth: 32 }));
  } catch {
    return undefined;
  }
}

/** Where the public name sends other servers; only for a name that they may look up. */
async function delegationFact(config: Config, ports: PeerPorts): Promise<DelegationFact | undefined> {
  const { host, port, isLiteral } = splitServerName(config.serverName);
  const expected = federationName(config);
  if (
    expected === undefined ||
    isLiteral ||
    port !== undefined ||
    !host.includes('.') ||
    config.publicBaseUrl === null
  ) {
    return undefined;
  }
  const destination: HttpDestination = {
    scheme: 'https',
    targets: [{ host, port: 443 }],
    order: 'race',
    certificateName: host,
    host,
  };
  const body = await ask(ports, destination, '/.well-known/matrix/server').catch((error: unknown) => {
    if (error instanceof OperationError) return undefined;
    throw error;
  });
  const lists = [
    await ports.dns.resolveSrv(`_matrix-fed._tcp.${host}`),
    await ports.dns.resolveSrv(`_matrix._tcp.${host}`),
  ];
  const [records = []] = lists.map((one) => one.records).filter((one) => one.length > 0);
  const withPort = (name: string): string => (splitServerName(name).port === undefined ? `${name}:8448` : name);
  const wellKnown = getString(body, 'm.server');
  return {
    server: host,
    expected: withPort(expected),
    wellKnown: wellKnown === undefined ? undefined : withPort(wellKnown.slice(0, 255)),
    services: records.map((one) => `${one.target}:${one.port}`),
  };
}

const ANSWER = { lookMs: 200, maxMs: 30_000 } as const;

/** What a peer sees of this node, by way of the Postern that runs here and has the link. */
export async function lookBack({ config, dataDir }: LoadedConfig, node: string): Promise<NetworkFacts> {
  const texts = reachTexts(dataDir);
  leaveQuestion(texts, node, publicPorts(config));
  const endAt = systemClock.monotonic() + ANSWER.maxMs;
  let answer = findAnswer(texts, node);
  while (answer === undefined && systemClock.monotonic() < endAt) {
    await wait(ANSWER.lookMs);
    answer = findAnswer(texts, node);
  }
  dropQuestion(texts, node);
  if (answer === undefined) throw new ConfigError('no Postern runs on this data folder; start it: postern serve');
  if ('why' in answer)
    throw new ConfigError(`${node} does not answer (${answer.why}); its links.peers must carry reach`);
  const { address, ports } = answer;
  const own = Object.values(networkInterfaces()).flatMap((list = []) => list.map((one) => one.address));
  const reach = [{ node, seenAddress: address, isOwnAddress: own.includes(address), ports }];
  const empty = { names: [], routes: [], ipv6: { hasAddress: false, works: undefined } };
  return { ...NOTHING, ...empty, viewpoint: 'server', nowMs: systemClock.now(), reach };
}

/** Ports that others should reach. */
function publicPorts({ listeners, relay }: Config): number[] {
  const isLocal = (address: string): boolean => address === '::1' || address.startsWith('127.');
  const open = listeners.filter(({ address }) => !isLocal(address)).map(({ port }) => port);
  return [...new Set(relay === null ? open : [relay.port])].filter((port) => port !== 0);
}

/** The configured sockets with the APIs that each serves. */
import { chmodSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ChallengeBoard } from '../../deploy/certificates/board.ts';
import { adminRoutes } from '../../http/admin-api/index.ts';
import { clientRoutes } from '../../http/client-api/index.ts';
import { authenticateServer, discoveryRoutes, federationRoutes, keyRoutes } from '../../http/federation-api/index.ts';
import type { FederationRoute } from '../../http/federation-api/federation-route.ts';
import { type AnswerDns, dnsRoutes } from '../../http/dns-api/index.ts';
import { Dispatcher } from '../../http/kit/dispatcher.ts';
import { type Handle, type Listener, openListener, serveStreams, serveTlsStreams } from '../../http/kit/listener.ts';
import { type PeerNames, peerNames } from '../../http/kit/peer.ts';
import { DEFAULT_RATES, RateLimiter } from '../../http/kit/rate-limit.ts';
import type { Route } from '../../http/kit/route.ts';
import { Router } from '../../http/kit/router.ts';
import { StaticFiles } from '../../http/kit/static-files.ts';
import { localRoutes } from '../../http/local-api/index.ts';
import { mediaRoutes } from '../../http/media-api/index.ts';
import { operationsRoutes } from '../../http/operations-api/index.ts';
import type { Links } from '../../link/index.ts';
import type { ServerName } from '../../matrix/ids.ts';
import type { Caller } from '../../server/accounts/index.ts';
import type { Services } from '../../server/services.ts';
import { authenticate } from '../../http/client-api/authenticate.ts';
import type { Config } from '../config/schema.ts';
import { Certificates } from './certificates.ts';
import type { ManagedCertificates } from './managed.ts';
import { behindSecretPath } from './secret-path.ts';
import type { LinkDoors } from './links.ts';

export interface OpenListeners {
  readonly ports: readonly number[];
  close(graceMs: number): Promise<void>;
}

type ListenerConfig = Config['listeners'][number];

interface HandlerTools {
  readonly services: Services;
  readonly limiter: RateLimiter;
  readonly peers: PeerNames;
  /** The path secret of clients, and whether they are answered below it only. */
  readonly hidden?: { readonly path: string | undefined; readonly stealth: boolean };
}

interface ListenerTools extends HandlerTools {
  readonly files: StaticFiles | undefined;
  /** `federation.enabled` */
  readonly federates: boolean;
  readonly links: Links | undefined;
  readonly dns: AnswerDns | undefined;
  readonly board: ChallengeBoard | undefined;
}

export interface ListenersOptions {
  readonly config: Config;
  readonly baseDir: string;
  /** The path of the owner's socket. */
  readonly socket: string;
  /** The folder of the built web client. */
  readonly files: string;
  readonly links: Links | undefined;
  readonly doors: LinkDoors;
  /** Where the configuration has a private zone. */
  readonly dns: AnswerDns | undefined;
  /** Where the configuration has certificates of its own. */
  readonly managed: ManagedCertificates | undefined;
  /** `/x/SECRET` */
  readonly secretPath: string | undefined;
}

/** Opens every listener, or none: where one cannot be opened the others are closed again. */
export async function openListeners(
  services: Services,
  { config, baseDir, socket, files, links, doors, dns, managed, secretPath }: ListenersOptions,
): Promise<OpenListeners> {
  const { clock, crypto, log, random } = services.context;
  const tools: ListenerTools = {
    services,
    limiter: new RateLimiter(clock, config.rateLimits.enabled ? DEFAULT_RATES : undefined),
    federates: config.federation.enabled,
    links,
    dns,
    board: managed?.board,
    hidden: { path: secretPath, stealth: config.routes.stealth },
    peers: peerNames(crypto, random.token(32), config.network.trustedProxies),
    files: config.listeners.some((one) => one.apis.includes('web')) ? StaticFiles.open(files) : undefined,
  };
  const fromServers = routesForServers({ apis: ['federation', 'keys'] }, tools);
  doors.open('federation', serveStreams(handlerOf({ routes: [], fromServers, web: undefined }, tools)));
  const certificates = new Certificates({ baseDir, clock, log, managed: managed?.manager });
  openClientDoor({ config, doors }, certificates, tools);
  const open: Listener[] = [];
  const ports: number[] = [];
  const close = async (graceMs: number): Promise<void> => {
    certificates.close();
    await Promise.all(open.map((one) => one.close(graceMs)));
  };
  try {
    for (const listener of config.listeners) open.push(await openOne(listener, certificates, tools));
    ports.push(...open.map((one) => one.port));
    open.push(await openOwnersSocket(socket, tools));
  } catch (error) {
    await close(0);
    throw error;
  }
  return { ports, close };
}

/** What comes through a relay is served as by the first listener for clients that has a certificate. */
function openClientDoor(
  { config, doors }: Pick<ListenersOptions, 'config' | 'doors'>,
  certificates: Certificates,
  tools: ListenerTools,
): void {
  const listener = config.listeners.find(({ apis, tls }) => apis.includes('client') && tls !== undefined);
  if (listener?.tls === undefined) return;
  doors.open('client', serveTlsStreams(handlerFor(listener, tools), certificates.open(listener.tls)));
}

function handlerFor(listener: ListenerConfig, tools: ListenerTools): Handle {
  const fromServers = routesForServers(listener, tools);
  const web = listener.apis.includes('web') ? tools.files : undefined;
  const handle = handlerOf({ routes: routesOf(listener, tools), fromServers, web }, tools);
  const { board } = tools;
  return board === undefined || !listener.apis.includes('acme') ? handle : withChallenges(board, handle);
}

/** Answers http-01 before anything else; whoever asks for a token that is not open gets what he would get without. */
function withChallenges(board: ChallengeBoard, handle: Handle): Handle {
  return async (request, response) => {
    const answer = request.method === 'GET' ? board.answerTo(request.url ?? '/') : undefined;
    if (answer === undefined) await handle(request, response);
    // RFC 8555 §8.3: the key authorization, as application/octet-stream.
    else response.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(answer);
  };
}

async function openOne(listener: ListenerConfig, certificates: Certificates, tools: ListenerTools): Promise<Listener> {
  return await openListener({
    address: listener.address,
    port: listener.port,
    handle: handlerFor(listener, tools),
    upgrades: listener.apis.includes('link') ? tools.links : undefined,
    ...(listener.tls !== undefined && { tls: certificates.open(listener.tls) }),
  });
}

/** The socket by which the owner's commands reach this process; only the owner of the folder can open it. */
async function openOwnersSocket(socket: string, tools: ListenerTools): Promise<Listener> {
  rmSync(socket, { force: true });
  const { services, limiter, peers } = tools;
  const open = { services, limiter, peers };
  const handle = handlerOf({ routes: localRoutes(services), fromServers: [], web: undefined }, open);
  const listener = await openListener({ socket, handle });
  chmodSync(socket, 0o600);
  return listener;
}

interface Served {
  readonly routes: readonly Route<Caller>[];
  /** What servers call instead of users. */
  readonly fromServers: readonly FederationRoute[];
  readonly web: StaticFiles | undefined;
}

/** Answers requests by these routes: those of servers, or else those of users. */
export function handlerOf({ routes, fromServers, web }: Served, tools: HandlerTools) {
  const { services, limiter, peers, hidden } = tools;
  const { clock, crypto, random, log, metrics } = services.context;
  const shared = { limiter, peers, clock, random, log: log.child('http'), metrics };
  const users = new Dispatcher<Caller>({
    ...shared,
    router: Router.of(routes),
    authenticate: (incoming, route) => authenticate(services, incoming, route),
    keyOf: (caller) => caller.user,
  });
  const serverRouter = Router.of(fromServers);
  const servers = new Dispatcher<ServerName>({
    ...shared,
    router: serverRouter,
    authenticate: (incoming, route) => authenticateServer(services, incoming, route),
    keyOf: (server) => server,
    bodyNumbers: 'raw',
  });
  const isForServers = (request: IncomingMessage): boolean =>
    serverRouter.methods((request.url ?? '/').split('?', 1)[0] ?? '/').length > 0;
  const clients = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (web?.serves(request) === true) web.handle(request, response);
    else await (isForServers(request) ? servers : users).handle(request, response);
  };
  const options = { path: hidden?.path, stealth: hidden?.stealth === true, crypto };
  return behindSecretPath(options, {
    clients,
    servers: (request, response) => servers.handle(request, response),
    isForServers,
  });
}

function routesOf({ apis }: ListenerConfig, { services, dns }: ListenerTools): Route<Caller>[] {
  return [
    ...operationsRoutes(services, { metrics: apis.includes('metrics') }),
    ...(apis.includes('client') ? clientRoutes(services) : []),
    ...(apis.includes('media') ? mediaRoutes(services) : []),
    ...(apis.includes('admin') ? adminRoutes(services) : []),
    ...(apis.includes('dns') && dns !== undefined ? dnsRoutes(dns) : []),
  ];
}

/** Nothing where federation is off. */
function routesForServers(
  { apis }: Pick<ListenerConfig, 'apis'>,
  { services, federates }: ListenerTools,
): FederationRoute[] {
  if (!federates) return [];
  return [
    ...(apis.includes('federation') ? federationRoutes(services) : []),
    ...(apis.includes('keys') ? keyRoutes(services) : []),
    ...(apis.includes('federation') || apis.includes('client') ? discoveryRoutes(services) : []),
  ];
}

/** Where the built web client lies, beside the program: `dist/www`, whether this runs from source or from `dist`. */
export function webFolder(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const root = path.resolve(here, '../../..');
  return path.join(root, 'dist/www');
}

/**
 * Another homeserver, played by a test: it speaks HTTPS on loopback, has a name, a key and a certificate of the tests'
 * authority, keeps rooms as graphs in memory, answers the Server-Server API as the specification says unless a hook
 * says otherwise, records what it is asked, and sends what it is told to.
 */
import { randomBytes } from 'node:crypto';
import { defer } from '../../src/lib/deferred.ts';
import type { Pdu } from '../../src/matrix/events.ts';
import type { JsonObject, JsonValue } from '../../src/matrix/json.ts';
import { keyOf, type TestKey, verifyEd25519 } from '../fixtures/ed25519.ts';
import type { Answer } from './answer.ts';
import { handlerOf } from './remote/answers/index.ts';
import type { RemoteMedia } from './remote/answers/media.ts';
import { RemoteClient } from './remote/client.ts';
import {
  type HandshakeOptions,
  type InviteOptions,
  inviteRemote,
  joinRemote,
  type JoinOptions,
  knockRemote,
  leaveRemote,
} from './remote/handshakes.ts';
import { keyDocument, KeyRing, type OldKey } from './remote/keys.ts';
import { Listener, type Unauthenticated } from './remote/listener.ts';
import { NameTable } from './remote/names.ts';
import { type OperationName, UNSIGNED } from './remote/operations.ts';
import { type Authentication, type Hook, type ReceivedRequest, Refusal, type Reply } from './remote/requests.ts';
import { type CreateRoomOptions, RemoteRoom } from './remote/room.ts';
import { RemoteUser } from './remote/users.ts';
import { parseAuthorization, requestText } from './remote/x-matrix.ts';

export interface RemoteServerOptions {
  /** Its name; without one it is called `localhost:<port>`, which needs no resolving. */
  readonly name?: string;
  /** Shared by all who are to find each other. */
  readonly names?: NameTable;
  readonly now?: () => number;
}

export interface ReceivedInvite {
  readonly event: Pdu;
  readonly version: string;
  readonly inviteState: readonly JsonObject[];
  readonly from: string;
}

/** How long `until` waits: longer than anything takes. */
const WAIT_MS = 30_000;

export class RemoteServer {
  readonly name: string;
  /** The port of loopback on which it listens. */
  readonly port: number;
  readonly names: NameTable;
  key: TestKey;
  readonly oldKeys: OldKey[] = [];
  readonly policyKey: TestKey;
  /** What `/.well-known/matrix/server` tells; nothing unless set. */
  delegatedTo: string | undefined;
  /** Whether it passes on to the other servers of a room what one of them has joined, knocked or left with. */
  relays = true;
  /** Whether it leaves members out of the answer to a join where it may. */
  leavesMembersOut = false;
  readonly rooms = new Map<string, RemoteRoom>();
  readonly users = new Map<string, RemoteUser>();
  readonly aliases = new Map<string, string>();
  readonly media = new Map<string, RemoteMedia>();
  readonly openIdTokens = new Map<string, string>();
  /** Every request, in the order in which they came. */
  readonly requests: ReceivedRequest[] = [];
  readonly edus: { readonly origin: string; readonly edu: JsonObject }[] = [];
  readonly invites: ReceivedInvite[] = [];
  readonly keyRing: KeyRing;
  readonly client: RemoteClient;
  readonly now: () => number;
  readonly #hooks = new Map<OperationName, Hook[]>();
  readonly #listener: Listener;
  readonly #failures: unknown[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  #news = defer<void>();
  #lastTimestamp = 0;

  private constructor(listener: Listener, port: number, options: RemoteServerOptions) {
    const name = options.name ?? `localhost:${port}`;
    this.#listener = listener;
    this.name = name;
    this.port = port;
    this.names = options.names ?? new NameTable();
    this.now = options.now ?? Date.now;
    this.key = keyOf(name, randomBytes(32), `ed25519:${randomBytes(3).toString('hex')}`);
    this.policyKey = keyOf(name, randomBytes(32), 'ed25519:policy_server');
    this.client = new RemoteClient(this.names, () => this.key);
    const ask = async (server: string) => (await this.get(server, '/_matrix/key/v2/server')).body as JsonObject;
    this.keyRing = new KeyRing((server) => (server === this.name ? Promise.resolve(this.keyDocument()) : ask(server)));
  }

  static async start(options: RemoteServerOptions = {}): Promise<RemoteServer> {
    const ready = defer<RemoteServer>();
    const listener = new Listener(async (request) => (await ready.promise).#answer(request));
    const port = await listener.open();
    const server = new RemoteServer(listener, port, options);
    server.names.set(server.name, port);
    ready.resolve(server);
    return server;
  }

  /** Stops; fails when an answer failed that no test expected to. */
  async stop(): Promise<void> {
    this.names.delete(this.name);
    await Promise.allSettled(this.#underWay);
    await this.#listener.close();
    if (this.#failures.length > 0) throw new AggregateError(this.#failures, `answers of ${this.name} failed`);
  }

  /** Breaks every connection and takes no new one, until {@link resume}. */
  async pause(): Promise<void> {
    await this.#listener.close();
  }

  /** Listens again, at the same port. */
  async resume(): Promise<void> {
    await this.#listener.open(this.port);
  }

  get signer(): TestKey {
    return this.key;
  }

  /** The time for a new event, later than that of every one before. */
  nextTimestamp(): number {
    this.#lastTimestamp = Math.max(this.now(), this.#lastTimestamp + 1);
    return this.#lastTimestamp;
  }

  /** What it publishes as its keys. */
  keyDocument(): JsonObject {
    return keyDocument([this.key], this.oldKeys, this.now());
  }

  /** A new key; the one before counts for older events only. */
  rotateKey(): void {
    this.oldKeys.push({ key: this.key, expiredTs: this.now() });
    this.key = keyOf(this.name, randomBytes(32), `ed25519:${randomBytes(3).toString('hex')}`);
  }

  /** The key document of another server, as far as it can be had. */
  async findKeyDocument(server: string): Promise<JsonObject | undefined> {
    if (!this.keyRing.documents.has(server)) await this.keyRing.load(server, '').catch(() => undefined);
    return this.keyRing.documents.get(server);
  }

  /** The id of a user of this server, who exists from then on. */
  user(localpart: string): string {
    const id = `@${localpart}:${this.name}`;
    if (!this.users.has(id)) this.users.set(id, new RemoteUser(id));
    return id;
  }

  createRoom(options: CreateRoomOptions): RemoteRoom {
    const room = RemoteRoom.create(this, options);
    this.rooms.set(room.roomId, room);
    return room;
  }

  /** Answers an operation in the server's place; what it returns takes the hook out again. The newest goes first. */
  on(operation: OperationName, hook: Hook): () => void {
    const hooks = this.#hooks.get(operation) ?? [];
    this.#hooks.set(operation, [hook, ...hooks]);
    return () => {
      const now = this.#hooks.get(operation) ?? [];
      this.#hooks.set(
        operation,
        now.filter((one) => one !== hook),
      );
    };
  }

  async #authenticate(request: Unauthenticated): Promise<Authentication> {
    if (request.operation !== undefined && UNSIGNED.has(request.operation)) return { problem: 'needs no signature' };
    const header = request.headers['authorization'];
    const credentials = parseAuthorization(typeof header === 'string' ? header : undefined);
    if (credentials === undefined) return { problem: 'no readable Authorization header' };
    const { origin, destination = this.name, keyId, signature } = credentials;
    // "If this property is included, but the value does not match the receiving server's name, the receiving server
    // must deny the request."
    if (destination !== this.name) return { problem: `meant for ${destination}` };
    const key = await this.keyRing.load(origin, keyId).catch(() => undefined);
    // `old_verify_keys` "are only valid for signing events".
    if (key === undefined || key.expiredTs !== undefined) return { problem: `no such key: ${origin} ${keyId}` };
    const { method, uri, body: content } = request;
    const text = requestText({ method, uri, origin, destination, content });
    return verifyEd25519(key.publicKey, text, signature) ? { origin } : { problem: 'the signature is wrong' };
  }

  async #answer(given: Unauthenticated): Promise<Reply> {
    const request: ReceivedRequest = { ...given, authentication: await this.#authenticate(given) };
    this.requests.push(request);
    this.#tell();
    try {
      return await this.#reply(request);
    } catch (error) {
      if (error instanceof Refusal) return error.reply;
      this.#failures.push(error);
      return { status: 500, body: { errcode: 'M_UNKNOWN', error: String(error) } };
    } finally {
      this.#tell();
    }
  }

  async #reply(request: ReceivedRequest): Promise<Reply> {
    const { operation, authentication } = request;
    if (operation === undefined) throw new Refusal(404, 'M_UNRECOGNIZED', 'Unknown endpoint');
    const own = async (): Promise<Reply> => {
      if ('problem' in authentication && !UNSIGNED.has(operation)) {
        throw new Refusal(401, 'M_UNAUTHORIZED', authentication.problem);
      }
      const handler = handlerOf(operation);
      if (handler === undefined) throw new Refusal(404, 'M_UNRECOGNIZED', 'Unknown endpoint');
      return handler(this, request);
    };
    const catching = () =>
      own().catch((error: unknown) => (error instanceof Refusal ? error.reply : Promise.reject(error as Error)));
    const hooks = this.#hooks.get(operation) ?? [];
    const chain = hooks.reduceRight<() => Promise<Reply>>((next, hook) => async () => hook(request, next), catching);
    return chain();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = defer<void>();
  }

  /**
   * Resolves with the first answer that is not `undefined`; asks again whenever a request has come or has been
   * answered.
   */
  async until<T>(read: () => T | undefined): Promise<T> {
    const limit = AbortSignal.timeout(WAIT_MS);
    for (;;) {
      const value = read();
      if (value !== undefined) return value;
      const { promise } = this.#news;
      const over = defer<void>();
      limit.addEventListener('abort', () => over.resolve(), { once: true });
      await Promise.race([promise, over.promise]);
      if (limit.aborted) throw new Error(`${this.name} waited in vain for ${String(read)}`);
    }
  }

  /** The requests for an operation so far. */
  requestsFor(operation: OperationName): ReceivedRequest[] {
    return this.requests.filter((request) => request.operation === operation);
  }

  /** Waits until an event is in a room here and stands. */
  untilEvent(room: RemoteRoom, eventId: string): Promise<Pdu> {
    return this.until(() => {
      const node = room.nodes.get(eventId as never);
      return node?.verdict.accept === true && node.stateAfter !== undefined ? node.pdu : undefined;
    });
  }

  get(destination: string, uri: string): Promise<Answer> {
    return this.client.get(destination, uri);
  }

  post(destination: string, uri: string, body: JsonValue): Promise<Answer> {
    return this.client.post(destination, uri, body);
  }

  /** Sends events and other news to a server; its answer. */
  send(
    destination: string,
    parts: { pdus?: readonly Pdu[]; edus?: readonly JsonObject[]; id?: string },
  ): Promise<Answer> {
    const { pdus, ...more } = parts;
    const given = { ...more, ...(pdus !== undefined && { pdus: pdus.map((event) => event.json) }) };
    return this.client.transaction(destination, given, this.now());
  }

  /** Sends events of a room to all other servers that are in it; none may refuse one. */
  async deliver(room: RemoteRoom, ...events: readonly Pdu[]): Promise<void> {
    for (const destination of room.servers().filter((name) => name !== this.name)) {
      const answer = await this.send(destination, { pdus: events });
      for (const [id, result] of Object.entries(answer.object('pdus'))) {
        const { error } = result as { error?: string };
        if (error !== undefined) throw new Error(`${destination} refuses ${id}: ${error}`);
      }
    }
  }

  /** Passes an event on behind the answer to whoever sent it; servers that cannot be reached go without. */
  relay(room: RemoteRoom, event: Pdu, except: readonly string[]): void {
    for (const destination of this.relays ? room.servers() : []) {
      if (destination === this.name || except.includes(destination)) continue;
      const sent = this.send(destination, { pdus: [event] }).catch(() => undefined);
      this.#underWay.add(sent);
      void sent.then(() => this.#underWay.delete(sent));
    }
  }

  joinRemote(options: JoinOptions): Promise<RemoteRoom> {
    return joinRemote(this, options);
  }

  knockRemote(options: HandshakeOptions): Promise<Answer> {
    return knockRemote(this, options);
  }

  leaveRemote(options: HandshakeOptions & { readonly version: string; readonly api?: 1 | 2 }): Promise<Answer> {
    return leaveRemote(this, options);
  }

  invite(options: InviteOptions): Promise<Pdu> {
    return inviteRemote(this, options);
  }
}

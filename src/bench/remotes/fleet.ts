/**
 * The servers that the bench plays, all in this process: names, keys, certificates of an authority of their own, rooms,
 * and what they have been sent. The server under measurement knows where they are by `federation.overrides`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseEventId, parseServerName, type ServerName } from '../../matrix/ids.ts';
import { parsePduJson } from '../../matrix/json-parse.ts';
import { asObject, getArray, getString, type JsonObject } from '../../matrix/json.ts';
import { formatAuthorization, requestText } from '../../rules/signatures/request.ts';
import type { Signer } from '../../rules/signatures/sign.ts';
import { type Answer, Http } from '../http.ts';
import { TestAuthority } from './certificates.ts';
import { Group, type PlayedAnswer, type PlayedRequest } from './group.ts';
import { CountingProxy } from './counting-proxy.ts';
import type { PlayedRoom } from './played-room.ts';
import { keyDocument, makeServerKey, type ServerKey } from './server-key.ts';

/** The name of the server under measurement. */
const TARGET_NAME = 'measured.test';
const FEDERATION_CONNECTIONS = 16;

export interface FleetGroup {
  readonly name: string;
  readonly servers: readonly string[];
  /** Its bytes are counted on the wire. */
  readonly isCounted?: boolean;
  /** Whether a TLS session goes on over a new connection; it does unless told otherwise. */
  readonly resumesTls?: boolean;
}

/** What of the configuration speaks of other servers. */
export interface FederatedConfig {
  readonly serverName: string;
  readonly listener: readonly object[];
  readonly network?: object;
  readonly federation?: object;
}

/** A transaction that one of the servers has been sent. */
export interface PlayedTransaction {
  readonly server: string;
  readonly id: string;
  readonly body: string;
}

export class Fleet {
  readonly groups = new Map<string, Group>();
  readonly rooms = new Map<string, PlayedRoom>();
  /** Servers whose connections break in the middle of a whole state. */
  readonly breaking = new Set<string>();
  /** Requests that nobody here can answer. */
  readonly unknown: string[] = [];
  onTransaction: (transaction: PlayedTransaction) => void = () => undefined;
  readonly #keys = new Map<string, ServerKey>();
  readonly #proxies = new Map<string, CountingProxy>();
  readonly #authority = new TestAuthority('Bench');
  readonly #overrides: Record<string, { connect: string[] }> = {};
  #http: Http | undefined;
  #transactions = 0;

  /** Opens the sockets of all groups. */
  static async open(groups: readonly FleetGroup[]): Promise<Fleet> {
    const fleet = new Fleet();
    const pair = fleet.#authority.issue({ names: ['*.remotes.test'] });
    for (const { name, servers, isCounted = false, resumesTls = true } of groups) {
      const group = new Group(pair, { answer: (request) => fleet.#answer(request), resumesTls });
      await group.open();
      fleet.groups.set(name, group);
      let { port } = group;
      if (isCounted) {
        const proxy = new CountingProxy(port);
        await proxy.open();
        fleet.#proxies.set(name, proxy);
        ({ port } = proxy);
      }
      for (const server of servers) {
        fleet.#keys.set(server, makeServerKey(nameOf(server)));
        fleet.#overrides[server] = { connect: [`127.0.0.1:${port}`] };
      }
    }
    return fleet;
  }

  /** What the configuration of the server under measurement says of them; certificates are written into `folder`. */
  configOf(folder: string, federationPort: number): FederatedConfig {
    const own = this.#authority.issue({ names: [TARGET_NAME, '127.0.0.1'] });
    mkdirSync(folder, { recursive: true });
    const write = (name: string, text: string): string => {
      writeFileSync(path.join(folder, name), text);
      return `./${name}`;
    };
    const tls = { certificate: write('server.pem', own.certificate), key: write('server.key', own.key) };
    const listener = { address: '127.0.0.1', port: federationPort, apis: ['federation', 'keys'], tls };
    this.#http = new Http(`https://127.0.0.1:${federationPort}`, FEDERATION_CONNECTIONS, this.#authority.certificate);
    return {
      serverName: TARGET_NAME,
      listener: [listener],
      network: { extraCa: [write('authority.pem', this.#authority.certificate)] },
      federation: { overrides: this.#overrides },
    };
  }

  group(name: string): Group {
    const group = this.groups.get(name);
    if (group === undefined) throw new Error(`there is no group ${name}`);
    return group;
  }

  proxy(name: string): CountingProxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw new Error(`the bytes of ${name} are not counted`);
    return proxy;
  }

  readonly signerOf = (server: string): Signer => {
    const key = this.#keys.get(server);
    if (key === undefined) throw new Error(`${server} is not played`);
    return key;
  };

  addRoom(room: PlayedRoom): void {
    this.rooms.set(room.roomId ?? '', room);
  }

  /** A signed request of one of the servers; `content` is canonical JSON. */
  async request(origin: string, method: string, target: string, content?: string): Promise<Answer> {
    const [from, destination] = [nameOf(origin), nameOf(TARGET_NAME)];
    const { keyId, sign } = this.signerOf(origin);
    const signature = sign(requestText({ method, target, origin: from, destination, content }));
    const authorization = formatAuthorization({ origin: from, destination }, { keyId, signature });
    if (this.#http === undefined) throw new Error('the server under measurement has no address yet');
    return await this.#http.send(method, target, {
      authorization,
      ...(content !== undefined && { bytes: Buffer.from(content) }),
    });
  }

  /** Sends events and EDUs, each as canonical JSON, in one transaction; its answer, which is a 200. */
  async send(origin: string, pdus: readonly string[], edus: readonly string[] = []): Promise<JsonObject> {
    this.#transactions += 1;
    const head = `{"edus":[${edus.join(',')}],"origin":${JSON.stringify(origin)},"origin_server_ts":`;
    const content = `${head}${Date.now()},"pdus":[${pdus.join(',')}]}`;
    const target = `/_matrix/federation/v1/send/bench${process.pid}.${this.#transactions}`;
    const { status, body } = await this.request(origin, 'PUT', target, content);
    const answer = asObject(parsePduJson(body).value);
    if (status === 200 && answer !== undefined) return answer;
    throw new Error(`the transaction was answered with ${status}: ${body.toString('utf8').slice(0, 200)}`);
  }

  async close(): Promise<void> {
    this.#http?.close();
    for (const group of this.groups.values()) await group.close();
    for (const proxy of this.#proxies.values()) await proxy.close();
  }

  #answer(request: PlayedRequest): PlayedAnswer {
    const { server, method, target } = request;
    const [path = '', query = ''] = target.split('?', 2);
    if (path === '/_matrix/key/v2/server') return this.#keyAnswer(server);
    const [operation = '', first = '', second = ''] = path.split('/').slice(4).map(decodeURIComponent);
    switch (`${method} ${operation}`) {
      case 'PUT send':
        this.onTransaction({ server, id: first, body: request.body });
        return ok('{"pdus":{}}');
      case 'GET make_join':
        return this.#makeJoin(first, second);
      case 'PUT send_join':
        return this.#sendJoin(first, request);
      case 'GET state':
      case 'GET state_ids':
        return this.#stateAnswer(operation, first, request);
      case 'GET event':
        return this.#eventAnswer(server, first);
      case 'GET user':
        return ok(`{"devices":[],"stream_id":1,"user_id":${JSON.stringify(second)}}`);
      case 'GET query':
        return notFound();
      default:
        this.unknown.push(`${method} ${path}?${query}`);
        return notFound();
    }
  }

  #keyAnswer(server: string): PlayedAnswer {
    const key = this.#keys.get(server);
    return key === undefined ? notFound() : ok(keyDocument(key, Date.now()));
  }

  #makeJoin(roomId: string, user: string): PlayedAnswer {
    const room = this.rooms.get(roomId);
    if (room === undefined) return notFound();
    const content = { membership: 'join' };
    const event = room.main.template({ type: 'm.room.member', sender: user, stateKey: user, content });
    return ok(JSON.stringify({ room_version: room.rules.version, event }));
  }

  #sendJoin(roomId: string, { server, target, body }: PlayedRequest): PlayedAnswer {
    const room = this.rooms.get(roomId);
    const json = asObject(parsePduJson(Buffer.from(body)).value);
    if (room === undefined || json === undefined) return notFound();
    const omitsMembers = room.omitsMembers && target.endsWith('omit_members=true');
    // A join that came to a server that broke down before it had told anybody has not happened.
    if (!omitsMembers && this.breaking.has(server)) {
      return { ...ok(room.tell().joinAnswer(nameOf(server), room.take(json).eventId, false)), isCut: true };
    }
    const { event, before } = room.takeJoin(json);
    return ok(before.joinAnswer(nameOf(server), event.eventId, omitsMembers));
  }

  #stateAnswer(operation: string, roomId: string, { server, target }: PlayedRequest): PlayedAnswer {
    const event = parseEventId(new URL(target, 'https://played.test').searchParams.get('event_id') ?? '');
    const told = event === undefined ? undefined : this.rooms.get(roomId)?.toldBefore(event);
    if (told === undefined) return notFound();
    if (operation === 'state_ids') return ok(told.idsAnswer());
    return { ...ok(told.stateAnswer()), isCut: this.breaking.has(server) };
  }

  #eventAnswer(server: string, text: string): PlayedAnswer {
    const id = parseEventId(text);
    const room = id === undefined ? undefined : [...this.rooms.values()].find(({ events }) => events.has(id));
    if (id === undefined || room === undefined || this.breaking.has(server)) return notFound();
    const head = `{"origin":${JSON.stringify(server)},"origin_server_ts":${Date.now()}`;
    return ok(`${head},"pdus":[${room.textOf(id)}]}`);
  }
}

/** The events of a transaction, parsed. */
export function pdusOf({ body }: PlayedTransaction): JsonObject[] {
  const transaction = asObject(parsePduJson(Buffer.from(body)).value);
  return (getArray(transaction, 'pdus') ?? []).map(asObject).filter((one) => one !== undefined);
}

/** The EDUs of a type in a transaction. */
export function edusOf({ body }: PlayedTransaction, type: string): JsonObject[] {
  const transaction = asObject(parsePduJson(Buffer.from(body)).value);
  const edus = (getArray(transaction, 'edus') ?? []).map(asObject);
  return edus.filter((one) => one !== undefined).filter((one) => getString(one, 'edu_type') === type);
}

function nameOf(text: string): ServerName {
  const name = parseServerName(text);
  if (name === undefined) throw new Error(`${text} is no name of a server`);
  return name;
}

function ok(body: string): PlayedAnswer {
  return { status: 200, body };
}

function notFound(): PlayedAnswer {
  return { status: 404, body: '{"errcode":"M_NOT_FOUND","error":"not played"}' };
}

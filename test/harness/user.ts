/** A caller with an access token, or without one. */
import type { Answer, Dict } from './answer.ts';
import type { TestServer } from './server.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Sent as it is instead of a JSON body. */
  readonly raw?: Uint8Array<ArrayBuffer> | string;
}

export interface Session {
  readonly id: string;
  readonly token: string;
  readonly device: string;
  readonly refreshToken?: string | undefined;
}

/** A path below `/_matrix/client/v3` with its parts encoded. */
export function v3(texts: TemplateStringsArray, ...parts: readonly string[]): string {
  return `/_matrix/client/v3${encoded(texts, parts)}`;
}

/** Any path with its parts encoded. */
export function url(texts: TemplateStringsArray, ...parts: readonly string[]): string {
  return encoded(texts, parts);
}

function encoded(texts: TemplateStringsArray, parts: readonly string[]): string {
  return texts
    .map((text, index) => text + (index < parts.length ? encodeURIComponent(parts[index] ?? '') : ''))
    .join('');
}

export class User {
  readonly server: TestServer;
  readonly id: string;
  readonly token: string;
  readonly device: string;
  readonly refreshToken: string | undefined;
  #transaction = 0;

  constructor(server: TestServer, session: Session) {
    this.server = server;
    this.id = session.id;
    this.token = session.token;
    this.device = session.device;
    this.refreshToken = session.refreshToken;
  }

  /** Whatever the server answers, checked against the specification only. */
  async call(method: Method, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    const headers = this.token === '' ? {} : { Authorization: `Bearer ${this.token}` };
    return await this.server.request(method, path, body, { ...options, headers: { ...headers, ...options.headers } });
  }

  /** A call that must succeed. */
  async ok(method: Method, path: string, body?: unknown): Promise<Answer> {
    return (await this.call(method, path, body)).expect(200);
  }

  /** A call that must fail just so: `how` is the status and the error code, as in `403 M_FORBIDDEN`. */
  async fails(how: string, method: Method, path: string, body?: unknown): Promise<Answer> {
    const [status, errcode] = how.split(' ');
    return (await this.call(method, path, body)).expect(Number(status), errcode);
  }

  nextTransaction(): string {
    this.#transaction += 1;
    return `t${this.#transaction}`;
  }

  async createRoom(options: Dict = {}): Promise<string> {
    return (await this.ok('POST', v3`/createRoom`, options)).text('room_id');
  }

  /** Sends an event, by default a text message; its id. */
  async send(room: string, content: Dict | string = 'hello', type = 'm.room.message'): Promise<string> {
    const body = typeof content === 'string' ? { msgtype: 'm.text', body: content } : content;
    const path = v3`/rooms/${room}/send/${type}/${this.nextTransaction()}`;
    return (await this.ok('PUT', path, body)).text('event_id');
  }

  async setState(room: string, type: string, content: Dict, stateKey = ''): Promise<string> {
    return (await this.ok('PUT', v3`/rooms/${room}/state/${type}/${stateKey}`, content)).text('event_id');
  }

  async join(room: string): Promise<void> {
    await this.ok('POST', v3`/rooms/${room}/join`, {});
  }

  async leave(room: string): Promise<void> {
    await this.ok('POST', v3`/rooms/${room}/leave`, {});
  }

  async invite(room: string, user: User): Promise<void> {
    await this.ok('POST', v3`/rooms/${room}/invite`, { user_id: user.id });
  }

  /** Invites users, who join. */
  async bring(room: string, ...users: readonly User[]): Promise<void> {
    for (const user of users) {
      await this.invite(room, user);
      await user.join(room);
    }
  }

  async sync(query: Readonly<Record<string, string>> = {}, options: CallOptions = {}): Promise<Answer> {
    return (await this.call('GET', `/_matrix/client/v3/sync?${new URLSearchParams(query)}`, undefined, options)).expect(
      200,
    );
  }

  /** Another session of the same account. */
  async login(extra: Dict = {}): Promise<User> {
    return await this.server.login(this.id, extra);
  }
}

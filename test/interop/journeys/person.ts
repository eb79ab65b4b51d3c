/** Somebody at a homeserver of any make, by the Client-Server API alone. */
import { randomUUID } from 'node:crypto';
import { Answer, type Dict } from '../../harness/answer.ts';
import { type Method, v3 } from '../../harness/user.ts';
import { View } from './view.ts';

export interface PersonSession {
  readonly user_id: string;
  readonly access_token: string;
  readonly device_id: string;
}

/** Longer than anything takes that comes at all. */
const WAIT_MS = 20_000;
const SYNC_MS = 5_000;
/** Enough that nothing that a journey says falls out of a timeline. */
const FILTER = JSON.stringify({ room: { timeline: { limit: 100 } } });

export class Person {
  readonly url: string;
  readonly id: string;
  readonly deviceId: string;
  readonly token: string;
  readonly password: string;
  readonly view = new View();
  #since: string | undefined;

  constructor(url: string, session: PersonSession, password: string) {
    this.url = url;
    this.id = session.user_id;
    this.deviceId = session.device_id;
    this.token = session.access_token;
    this.password = password;
  }

  get localpart(): string {
    return this.id.slice(1, this.id.indexOf(':'));
  }

  /** The name of their homeserver. */
  get server(): string {
    return this.id.slice(this.id.indexOf(':') + 1);
  }

  /** Whatever the server answers. */
  async call(
    method: Method,
    path: string,
    body?: Dict | Uint8Array<ArrayBuffer>,
    contentType?: string,
  ): Promise<Answer> {
    const isBytes = body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'Content-Type': contentType ?? 'application/json' }),
      },
      ...(body !== undefined && { body: isBytes ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(WAIT_MS),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const parsed: unknown = isJson ? JSON.parse(Buffer.from(bytes).toString()) : undefined;
    const what = `${this.id} ${method} ${path}`;
    return new Answer({ status: response.status, headers: response.headers, body: parsed, bytes, what });
  }

  /** A call that must succeed. */
  async ok(method: Method, path: string, body?: Dict): Promise<Answer> {
    return (await this.call(method, path, body)).expect(200);
  }

  /** Another device of the same person. */
  async login(deviceName: string): Promise<Person> {
    const answer = await this.ok('POST', v3`/login`, {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: this.localpart },
      password: this.password,
      initial_device_display_name: deviceName,
    });
    return new Person(this.url, answer.body as PersonSession, this.password);
  }

  async createRoom(options: Dict = {}): Promise<string> {
    return (await this.ok('POST', v3`/createRoom`, options)).text('room_id');
  }

  /** Joins a room by its id or alias, with the help of these servers. */
  async join(room: string, ...via: readonly string[]): Promise<string> {
    return (await this.ok('POST', `${v3`/join/${room}`}?${viaQuery(via)}`, {})).text('room_id');
  }

  /** A join that must not succeed: what it is told. */
  async failToJoin(room: string, ...via: readonly string[]): Promise<Answer> {
    return (await this.call('POST', `${v3`/join/${room}`}?${viaQuery(via)}`, {})).expect(403);
  }

  async knock(room: string, ...via: readonly string[]): Promise<void> {
    await this.ok('POST', `${v3`/knock/${room}`}?${viaQuery(via)}`, {});
  }

  async leave(room: string): Promise<void> {
    await this.ok('POST', v3`/rooms/${room}/leave`, {});
  }

  async invite(room: string, user: string): Promise<void> {
    await this.ok('POST', v3`/rooms/${room}/invite`, { user_id: user });
  }

  /** Sends an event, by default a text message; its id. */
  async send(room: string, content: Dict | string, type = 'm.room.message'): Promise<string> {
    const body = typeof content === 'string' ? { msgtype: 'm.text', body: content } : content;
    return (await this.ok('PUT', v3`/rooms/${room}/send/${type}/${randomUUID()}`, body)).text('event_id');
  }

  async setState(room: string, type: string, content: Dict, stateKey = ''): Promise<string> {
    return (await this.ok('PUT', v3`/rooms/${room}/state/${type}/${stateKey}`, content)).text('event_id');
  }

  async redact(room: string, eventId: string): Promise<string> {
    return (await this.ok('PUT', v3`/rooms/${room}/redact/${eventId}/${randomUUID()}`, {})).text('event_id');
  }

  /** One sync; the newest part of the view. */
  async sync(timeoutMs = 0): Promise<void> {
    const query = new URLSearchParams({ timeout: String(timeoutMs), filter: FILTER });
    if (this.#since !== undefined) query.set('since', this.#since);
    const answer = await this.ok('GET', `${v3`/sync`}?${query}`);
    this.view.apply(answer.body);
    this.#since = answer.text('next_batch');
  }

  /** Resolves with the first answer that is not `undefined`; asks again after each sync. */
  async until<T>(what: string, read: (view: View) => T | undefined | Promise<T | undefined>): Promise<T> {
    const limit = AbortSignal.timeout(WAIT_MS);
    for (;;) {
      const value = await read(this.view);
      if (value !== undefined) return value;
      if (limit.aborted) throw new Error(`${this.id} waited in vain: ${what}`);
      await this.sync(this.#since === undefined ? 0 : SYNC_MS);
    }
  }

  /** Waits for an event in the timeline of a room. */
  untilEvent(room: string, eventId: string): Promise<Dict> {
    return this.until(`event ${eventId}`, (view) => view.event(room, eventId));
  }

  /** Waits for a message with this text. */
  async untilText(room: string, body: string): Promise<void> {
    await this.until(`a message ${body}`, (view) => (view.bodies(room).includes(body) ? true : undefined));
  }

  /** Waits until somebody has this membership in a room. */
  async untilMembership(room: string, user: string, membership: string): Promise<void> {
    await this.until(`${membership} of ${user}`, (view) =>
      view.membership(room, user) === membership ? true : undefined,
    );
  }

  /** Waits for an invite to a room. */
  async untilInvited(room: string): Promise<void> {
    await this.until('an invite', (view) => (view.room(room)?.membership === 'invite' ? true : undefined));
  }
}

/** Both the present and the former name of the parameter. */
function viaQuery(via: readonly string[]): URLSearchParams {
  return new URLSearchParams(
    via.flatMap((name) => [
      ['via', name],
      ['server_name', name],
    ]),
  );
}

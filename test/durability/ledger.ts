/** One client under load: it remembers what the server has acknowledged, and asks for it afterwards. */
import assert from 'node:assert/strict';
import { DeviceKeys, dig, type Dict } from '../harness/index.ts';
import type { ServerProcess } from './process.ts';

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly bytes: Uint8Array;
}

export class Client {
  readonly #server: ServerProcess;
  id = '';
  token = '';
  device = '';
  #next = 0;
  /** Transaction → body, of messages whose acknowledgement never came. */
  readonly unsure = new Map<string, string>();
  /** Event id → body. */
  readonly messages = new Map<string, string>();
  /** Numbers that were acknowledged as sent to the peer's device. */
  readonly toDevice = new Set<number>();
  keys = 0;
  readonly media = new Map<string, string>();
  /** The acknowledged value, and one that may have been written too. */
  data: { sure: number; maybe: number } = { sure: -1, maybe: -1 };
  receipt: { sure: string; maybe: string } = { sure: '', maybe: '' };
  readonly #deviceKeys = new Map<string, DeviceKeys>();

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  async request(method: string, path: string, body?: unknown): Promise<Reply> {
    const raw = typeof body === 'string';
    const response = await fetch(this.#server.baseUrl + path, {
      method,
      headers: {
        ...(this.token !== '' && { Authorization: `Bearer ${this.token}` }),
        'Content-Type': raw ? 'text/plain' : 'application/json',
      },
      ...(body !== undefined && { body: raw ? body : JSON.stringify(body) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const isJson = response.headers.get('content-type') === 'application/json';
    return { status: response.status, bytes, body: isJson ? JSON.parse(Buffer.from(bytes).toString()) : undefined };
  }

  async ok(method: string, path: string, body?: unknown): Promise<Reply> {
    const reply = await this.request(method, path, body);
    assert.equal(reply.status, 200, `${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply;
  }

  async register(username: string): Promise<void> {
    const body = { username, password: 'a long password', auth: { type: 'm.login.dummy' } };
    const { body: answer } = await this.ok('POST', '/_matrix/client/v3/register', body);
    this.id = String(dig(answer, 'user_id'));
    this.token = String(dig(answer, 'access_token'));
    this.device = String(dig(answer, 'device_id'));
  }

  #room(room: string, rest: string): string {
    return `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/${rest}`;
  }

  /** Does one thing of everything that must be durable; throws when the server is gone. */
  async step(room: string, peer: Client): Promise<void> {
    this.#next += 1;
    const n = this.#next;
    const body = `${this.id} ${n}`;
    this.unsure.set(`t${n}`, body);
    const event = await this.#sendMessage(room, `t${n}`, body);
    const messages = { [peer.id]: { [peer.device]: { n } } };
    await this.ok('PUT', `/_matrix/client/v3/sendToDevice/org.example.n/d${n}`, { messages });
    this.toDevice.add(n);
    this.data.maybe = n;
    await this.ok('PUT', this.#dataPath(), { n });
    this.data.sure = n;
    this.receipt.maybe = event;
    await this.ok('POST', this.#room(room, `receipt/m.read/${encodeURIComponent(event)}`), {});
    this.receipt.sure = event;
    const keys = this.#deviceKeys.get(this.device) ?? new DeviceKeys(this.id, this.device);
    this.#deviceKeys.set(this.device, keys);
    if (n % 3 !== 0) return;
    await this.ok('POST', '/_matrix/client/v3/keys/upload', { one_time_keys: keys.keys([`k${n}`]) });
    this.keys += 1;
    const uploaded = await this.ok('POST', '/_matrix/media/v3/upload', `media ${body}`);
    this.media.set(String(dig(uploaded.body, 'content_uri')), `media ${body}`);
  }

  #dataPath(): string {
    return `/_matrix/client/v3/user/${encodeURIComponent(this.id)}/account_data/org.example.n`;
  }

  async #sendMessage(room: string, transaction: string, body: string): Promise<string> {
    const { body: answer } = await this.ok('PUT', this.#room(room, `send/m.room.message/${transaction}`), {
      msgtype: 'm.text',
      body,
    });
    const event = String(dig(answer, 'event_id'));
    this.messages.set(event, body);
    this.unsure.delete(transaction);
    return event;
  }

  /** After a restart: everything acknowledged is there; what was unsure is sent again under its transaction id. */
  async verify(room: string): Promise<void> {
    for (const [transaction, body] of this.unsure) await this.#sendMessage(room, transaction, body);
    for (const [event, body] of [...this.messages].slice(-60)) {
      const { body: seen } = await this.ok('GET', this.#room(room, `event/${encodeURIComponent(event)}`));
      assert.equal(dig(seen, 'content', 'body'), body);
    }
    if (this.data.sure >= 0) {
      const { body: data } = await this.ok('GET', this.#dataPath());
      assert.ok([this.data.sure, this.data.maybe].includes(Number(dig(data, 'n'))), `account data of ${this.id}`);
    }
    for (const [uri, text] of [...this.media].slice(-10)) {
      const { bytes } = await this.ok('GET', `/_matrix/client/v1/media/download/${uri.slice('mxc://'.length)}`);
      assert.equal(Buffer.from(bytes).toString(), text);
    }
    const { body: counts } = await this.ok('POST', '/_matrix/client/v3/keys/upload', {});
    const stored = Number(dig(counts, 'one_time_key_counts', 'signed_curve25519') ?? 0);
    assert.ok(stored >= this.keys, `${stored} of ${this.keys} one-time keys of ${this.id}`);
  }
}

/** A client that only follows by `/sync`, with the token that it had before each crash. */
export class Follower {
  readonly #client: Client;
  readonly #room: string;
  since: string | undefined;
  readonly events = new Map<string, string>();
  readonly toDevice: string[] = [];
  readonly receipts = new Map<string, string>();

  constructor(client: Client, room: string) {
    this.#client = client;
    this.#room = room;
  }

  async poll(timeoutMs: number): Promise<boolean> {
    const filter = JSON.stringify({ room: { timeline: { limit: 500, types: ['m.room.message'] } } });
    const query = new URLSearchParams({
      filter,
      timeout: String(timeoutMs),
      ...(this.since !== undefined && { since: this.since }),
    });
    const { body } = await this.#client.ok('GET', `/_matrix/client/v3/sync?${query}`);
    const room = dig(body, 'rooms', 'join', this.#room);
    assert.notEqual(
      dig(room, 'timeline', 'limited') === true && this.since !== undefined,
      true,
      'a gap in the timeline',
    );
    const events = (dig(room, 'timeline', 'events') ?? []) as Dict[];
    for (const event of events) {
      const id = String(event['event_id']);
      assert.ok(!this.events.has(id), `${id} came twice`);
      this.events.set(id, String(dig(event, 'content', 'body')));
    }
    const messages = (dig(body, 'to_device', 'events') ?? []) as Dict[];
    for (const one of messages) this.toDevice.push(`${String(one['sender'])} ${String(dig(one, 'content', 'n'))}`);
    this.#noteReceipts((dig(room, 'ephemeral', 'events') ?? []) as Dict[]);
    this.since = String(dig(body, 'next_batch'));
    return events.length > 0 || messages.length > 0;
  }

  #noteReceipts(events: readonly Dict[]): void {
    for (const { type, content } of events) {
      if (type !== 'm.receipt') continue;
      for (const [event, kinds] of Object.entries(content as Record<string, Record<string, Dict>>)) {
        for (const user of Object.keys(kinds['m.read'] ?? {})) this.receipts.set(user, event);
      }
    }
  }
}

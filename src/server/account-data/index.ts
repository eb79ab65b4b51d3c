/** Account data, tags and filters: what clients keep on the server for themselves. The face of the folder. */
import { boundedMap } from '../bounded-map.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type UserId, utf8Length } from '../../matrix/ids.ts';
import { getObject, isObject, type JsonObject, type JsonValue } from '../../matrix/json.ts';
import { jsonText } from '../../matrix/json-input.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { RoomNumber } from '../../ports/store/index.ts';
import { KeyedQueue } from '../../lib/queue.ts';
import type { Context } from '../context.ts';

/** One row of account data, like one event. */
const CONTENT_BYTES_MAX = 65_536;
const TYPE_BYTES_MAX = 255;
/** "Tags … user-defined … must not exceed 255 bytes." */
const TAG_BYTES_MAX = 255;
const TAGS_MAX = 100;
/** Users whose data is remembered, and how much of each. */
const USERS_MAX = 20_000;
const READ_MAX = 100;

/** "The server MUST reject … m.fully_read and m.push_rules": they have endpoints of their own. */
const MANAGED_TYPES: ReadonlySet<string> = new Set(['m.fully_read', 'm.push_rules']);

export class AccountData {
  readonly #context: Context;
  readonly #queue = new KeyedQueue<UserId>();

  /** What was read lately of each user. */
  readonly #read = boundedMap<UserId, Map<string, JsonObject | undefined>>(USERS_MAX);

  constructor(context: Context) {
    this.#context = context;
    context.stream.listen((change) => {
      if (change.kind === 'account-data') this.#read.delete(change.user);
    });
  }

  /** The content of one type, `undefined` where it was never set or has been deleted. */
  async find(user: UserId, room: RoomNumber | undefined, type: string): Promise<JsonObject | undefined> {
    const key = `${room ?? ''} ${type}`;
    const known = this.#read.get(user) ?? new Map<string, JsonObject | undefined>();
    if (known.has(key)) return known.get(key);
    if (known.size >= READ_MAX) known.clear();
    this.#read.set(user, known);
    const row = await this.#context.store.userData.findAccountData(user, room, type);
    const value = row === undefined ? undefined : parseTrusted(row.content);
    const content = isObject(value) ? value : undefined;
    // Where the user's data changed meanwhile this map has been dropped, and nobody reads what is put into it.
    known.set(key, content);
    return content;
  }

  /** Sets account data on behalf of a client. Throws where the type belongs to an endpoint of its own. */
  async set(user: UserId, room: RoomNumber | undefined, type: string, content: JsonObject): Promise<void> {
    if (MANAGED_TYPES.has(type)) {
      throw new MatrixError('M_BAD_JSON', `${type} is set through an endpoint of its own`, { status: 405 });
    }
    if (utf8Length(type) > TYPE_BYTES_MAX)
      throw new MatrixError('M_INVALID_PARAM', 'The type is longer than 255 bytes');
    await this.write(user, room, type, content);
  }

  /** Sets account data of any type. */
  async write(user: UserId, room: RoomNumber | undefined, type: string, content: JsonObject): Promise<void> {
    const text = jsonText(content);
    if (utf8Length(text) > CONTENT_BYTES_MAX) throw new MatrixError('M_TOO_LARGE', 'The content is larger than 64 KiB');
    const { store, stream } = this.#context;
    await store.transact((one) => {
      one.userData.setAccountData(user, { room, type, content: text });
      one.onCommit(() =>
        stream.publish({ kind: 'account-data', position: one.position, user, ...(room !== undefined && { room }) }),
      );
    });
  }

  /** The user's tags of a room: name → order and whatever else the client keeps there. */
  async getTags(user: UserId, room: RoomNumber): Promise<JsonObject> {
    return getObject(await this.find(user, room, 'm.tag'), 'tags') ?? ({} as JsonObject);
  }

  /** Sets or, without `value`, removes a tag. Calls of one user are serialised, so that none is lost. */
  async setTag(user: UserId, room: RoomNumber, tag: string, value: JsonObject | undefined): Promise<void> {
    if (utf8Length(tag) > TAG_BYTES_MAX) throw new MatrixError('M_INVALID_PARAM', 'The tag is longer than 255 bytes');
    await this.#queue.run(user, async () => {
      const tags = new Map<string, JsonValue>(Object.entries(await this.getTags(user, room)));
      if (value === undefined) tags.delete(tag);
      else tags.set(tag, value);
      if (tags.size > TAGS_MAX)
        throw new MatrixError('M_LIMIT_EXCEEDED', 'Too many tags', { extra: { retry_after_ms: 0 } });
      await this.write(user, room, 'm.tag', { tags: Object.fromEntries(tags) });
    });
  }

  /** Keeps a filter and returns its id: equal filters have equal ids, so a client may define one again and again. */
  async defineFilter(user: UserId, filter: JsonObject): Promise<string> {
    const { store, crypto } = this.#context;
    const json = jsonText(filter);
    if (utf8Length(json) > CONTENT_BYTES_MAX) throw new MatrixError('M_TOO_LARGE', 'The filter is larger than 64 KiB');
    // "filter_id … cannot start with a { as this character is used to determine if the filter is inline JSON".
    const filterId = Buffer.from(crypto.sha256(json)).toString('base64url').slice(0, 16);
    if ((await store.accounts.findFilter(user, filterId)) === undefined) {
      await store.transact((one) => one.accounts.putFilter(user, filterId, json));
    }
    return filterId;
  }

  /** Throws `M_NOT_FOUND`. */
  async requireFilter(user: UserId, filterId: string): Promise<JsonObject> {
    const json = await this.#context.store.accounts.findFilter(user, filterId);
    const filter = json === undefined ? undefined : parseTrusted(json);
    if (!isObject(filter)) throw new MatrixError('M_NOT_FOUND', 'There is no such filter');
    return filter;
  }
}

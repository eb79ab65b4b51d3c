/** Profiles of users of other servers: asked for, checked, and remembered for a minute. */
import { present } from '../../lib/assert.ts';
import { parseMxcUri, serverOf, type UserId, utf8Length } from '../../matrix/ids.ts';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import { type BoundedMap, boundedMap } from '../bounded-map.ts';
import type { Context } from '../context.ts';
import { errorForClient, type Peers, RemoteError } from '../peers/index.ts';
import { AVATAR_URL_MAX, DISPLAY_NAME_MAX, FIELD_NAME_BYTES_MAX, PROFILE_BYTES_MAX } from './profile-limits.ts';

type Fields = ReadonlyMap<string, JsonValue>;

interface Answer {
  readonly until: number;
  readonly fields: Promise<Fields | undefined>;
}

/** "Requesting servers MAY wish to cache the response to this query". */
const KEPT_MS = 60_000;
const USERS_MAX = 2_000;
/** A profile as its JSON text, escapes included. */
const ANSWER_BYTES_MAX = 2 * PROFILE_BYTES_MAX;
/** Somebody waits for the answer. */
const TIMEOUT_MS = 10_000;

export class RemoteProfiles {
  readonly #context: Context;
  readonly #peers: Peers;
  readonly #answers: BoundedMap<UserId, Answer> = boundedMap(USERS_MAX);

  constructor(context: Context, peers: Peers) {
    this.#context = context;
    this.#peers = peers;
  }

  /** A profile; `undefined` where the user's server knows no such user. Throws what a client may be told. */
  find(user: UserId): Promise<Fields | undefined> {
    const now = this.#context.clock.monotonic();
    const known = this.#answers.get(user);
    if (known !== undefined && known.until > now) return known.fields;
    const fields = this.#ask(user);
    const answer: Answer = { until: now + KEPT_MS, fields };
    this.#answers.set(user, answer);
    fields.catch(() => {
      if (this.#answers.get(user) === answer) this.#answers.delete(user);
    });
    return fields;
  }

  async #ask(user: UserId): Promise<Fields | undefined> {
    const server = present(serverOf(user), 'a user id names a server');
    const path = `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(user)}`;
    try {
      const limits = { bytesMax: ANSWER_BYTES_MAX, timeoutMs: TIMEOUT_MS };
      return fieldsOf(await this.#peers.request(server, { method: 'GET', path, ...limits }));
    } catch (error) {
      if (error instanceof RemoteError && error.status === 404) return undefined;
      throw errorForClient(error, ['M_FORBIDDEN']);
    }
  }
}

/** Of what another server tells, the fields that could stand in a profile here. */
function fieldsOf(answer: JsonObject): Fields {
  const fields = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(answer)) {
    // "If the user does not have a particular field set on their profile, the server MUST either exclude it from the
    // response body or give it the value `null`."
    if (value === null || name === '' || utf8Length(name) > FIELD_NAME_BYTES_MAX) continue;
    if (name === 'displayname' && !(typeof value === 'string' && [...value].length <= DISPLAY_NAME_MAX)) continue;
    if (name === 'avatar_url' && !isAvatarUrl(value)) continue;
    if (name === 'm.tz' && typeof value !== 'string') continue;
    fields.set(name, value);
  }
  return fields;
}

function isAvatarUrl(value: JsonValue): boolean {
  return typeof value === 'string' && value.length <= AVATAR_URL_MAX && parseMxcUri(value) !== undefined;
}

/** Profiles of local users: display name, avatar and free fields (client-server API, "Profiles"). */
import { jsonText } from '../../matrix/json-input.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { parseMxcUri, type UserId, utf8Length } from '../../matrix/ids.ts';
import type { JsonValue } from '../../matrix/json.ts';
import type { Context } from '../context.ts';
import { AVATAR_URL_MAX, DISPLAY_NAME_MAX, FIELD_NAME_BYTES_MAX, PROFILE_BYTES_MAX } from './profile-limits.ts';

export interface Profile {
  readonly displayName: string | undefined;
  readonly avatarUrl: string | undefined;
}

export class Profiles {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Every field of a user's profile, or `undefined` where there is no such account here. */
  async find(user: UserId): Promise<Map<string, JsonValue> | undefined> {
    const account = await this.#context.store.accounts.findAccount(user);
    if (account === undefined) return undefined;
    const fields = await this.#context.store.accounts.getProfile(user);
    return new Map([...fields].map(([name, json]) => [name, JSON.parse(json) as JsonValue]));
  }

  /** Display name and avatar, as member events carry them. */
  async getShort(user: UserId): Promise<Profile> {
    const fields = await this.#context.store.accounts.getProfile(user);
    return shortProfile(fields);
  }

  /** Sets one field. Throws the specification's errors for names and sizes; returns whether anything changed. */
  async setField(user: UserId, name: string, value: JsonValue): Promise<boolean> {
    checkField(name, value);
    const { store } = this.#context;
    const fields = await store.accounts.getProfile(user);
    const json = jsonText(value);
    if (fields.get(name) === json) return false;
    const others = [...fields].filter(([other]) => other !== name);
    const total = others.reduce((sum, [other, text]) => sum + utf8Length(other) + utf8Length(text) + 4, 2);
    if (total + utf8Length(name) + utf8Length(json) + 4 > PROFILE_BYTES_MAX) {
      throw new MatrixError('M_PROFILE_TOO_LARGE', 'The profile would be larger than 64 KiB');
    }
    await store.transact((one) => one.accounts.setProfileField(user, name, json));
    return true;
  }

  /** Deletes one field; returns whether it was there. */
  async deleteField(user: UserId, name: string): Promise<boolean> {
    const fields = await this.#context.store.accounts.getProfile(user);
    if (!fields.has(name)) return false;
    await this.#context.store.transact((one) => one.accounts.setProfileField(user, name, undefined));
    return true;
  }
}

function checkField(name: string, value: JsonValue): void {
  if (name === '' || utf8Length(name) > FIELD_NAME_BYTES_MAX) {
    throw new MatrixError('M_KEY_TOO_LARGE', 'The name of a profile field has 1 to 255 bytes');
  }
  if (name === 'displayname') {
    if (typeof value !== 'string') throw new MatrixError('M_BAD_JSON', 'displayname is a string');
    if ([...value].length > DISPLAY_NAME_MAX) {
      throw new MatrixError('M_INVALID_PARAM', `A display name has at most ${DISPLAY_NAME_MAX} characters`);
    }
  }
  if (name === 'avatar_url') {
    if (typeof value !== 'string') throw new MatrixError('M_BAD_JSON', 'avatar_url is a string');
    if (value !== '' && (value.length > AVATAR_URL_MAX || parseMxcUri(value) === undefined)) {
      throw new MatrixError('M_INVALID_PARAM', 'avatar_url is an mxc:// URI');
    }
  }
}

/** Reads the two classic fields out of stored JSON texts; an empty avatar counts as none. */
export function shortProfile(fields: ReadonlyMap<string, string>): Profile {
  const text = (name: string): string | undefined => {
    const json = fields.get(name);
    const value: unknown = json === undefined ? undefined : JSON.parse(json);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return { displayName: text('displayname'), avatarUrl: text('avatar_url') };
}

/** Asking other servers for keys: a server for its own, and notaries for those of servers that do not answer. */
import { CanonicalJsonError, canonicalJson } from '../../../matrix/canonical-json.ts';
import { OperationError } from '../../../matrix/errors.ts';
import type { ServerName } from '../../../matrix/ids.ts';
import { asArray, asObject, getObject, getString, getValue, type JsonObject } from '../../../matrix/json.ts';
import { type PublishedKeys, readPublishedKeys } from '../../../rules/signatures/published-keys.ts';
import { isJsonSignedBy } from '../../../rules/signatures/verify.ts';
import type { ServerKeyRecord } from '../../../ports/store/index.ts';
import type { Context } from '../../context.ts';
import type { Requests } from '../requests.ts';

/** Room for as many keys as are read from one answer. */
const KEYS_BYTES_MAX = 256 * 1024;
/** What a notary tells about many servers at once. */
const NOTARY_BYTES_MAX = 16 * 1024 * 1024;
/** Servers in one question to a notary. */
const NOTARY_SERVERS_MAX = 100;
const TIMEOUT_MS = 20_000;

/** A notary's public keys by their ids. */
export type NotaryKeys = (notary: ServerName) => Promise<ReadonlyMap<string, Uint8Array>>;

export class KeyFetcher {
  readonly #context: Context;
  readonly #requests: Requests;

  constructor(context: Context, requests: Requests) {
    this.#context = context;
    this.#requests = requests;
  }

  /** Asks a server for its own keys. Rejects with an {@link OperationError} also where the answer is none. */
  async fetchFrom(server: ServerName): Promise<ServerKeyRecord[]> {
    const json = await this.#requests.json(server, {
      method: 'GET',
      path: '/_matrix/key/v2/server',
      bytesMax: KEYS_BYTES_MAX,
      timeoutMs: TIMEOUT_MS,
      isUnsigned: true,
    });
    const records = this.#recordsOf(json, server);
    if (records === undefined) throw new OperationError('bad answer', { temporary: true, server });
    return records;
  }

  /**
   * Asks a notary for keys of servers. "The notary server will additionally sign the response": what it has not
   * signed, and what the server itself has not, does not count.
   */
  async fetchFromNotary(
    notary: ServerName,
    wanted: ReadonlyMap<ServerName, readonly string[]>,
    keysOf: NotaryKeys,
  ): Promise<ServerKeyRecord[]> {
    const keys = await keysOf(notary);
    const records: ServerKeyRecord[] = [];
    const servers = [...wanted];
    while (servers.length > 0) {
      const some = new Map(servers.splice(0, NOTARY_SERVERS_MAX));
      const answer = await this.#askNotary(notary, some);
      for (const value of asArray(getValue(answer, 'server_keys')) ?? []) {
        const json = asObject(value);
        const server = [...some.keys()].find((one) => one === getString(json, 'server_name'));
        if (json === undefined || server === undefined || !this.#isSignedByNotary(json, notary, keys)) continue;
        records.push(...(this.#recordsOf(json, server) ?? []));
      }
    }
    return records;
  }

  #askNotary(notary: ServerName, wanted: ReadonlyMap<ServerName, readonly string[]>): Promise<JsonObject> {
    const minimum = { minimum_valid_until_ts: this.#context.clock.now() };
    const criteria = [...wanted].map(([server, keyIds]) => {
      return [server, Object.fromEntries(keyIds.map((keyId) => [keyId, minimum]))] as const;
    });
    return this.#requests.json(notary, {
      method: 'POST',
      path: '/_matrix/key/v2/query',
      body: { server_keys: Object.fromEntries(criteria) },
      bytesMax: NOTARY_BYTES_MAX,
      timeoutMs: TIMEOUT_MS,
      isUnsigned: true,
    });
  }

  #isSignedByNotary(json: JsonObject, notary: ServerName, keys: ReadonlyMap<string, Uint8Array>): boolean {
    const keyIds = Object.keys(getObject(getObject(json, 'signatures'), notary) ?? {});
    return keyIds.some((keyId) => {
      const publicKey = keys.get(keyId);
      if (publicKey === undefined) return false;
      try {
        return isJsonSignedBy(json, { entity: notary, keyId, publicKey }, this.#verify);
      } catch (error) {
        if (error instanceof CanonicalJsonError) return false;
        throw error;
      }
    });
  }

  readonly #verify = (publicKey: Uint8Array, text: string, signature: Uint8Array): boolean =>
    this.#context.crypto.ed25519Verify(publicKey, text, signature);

  #recordsOf(json: JsonObject, server: ServerName): ServerKeyRecord[] | undefined {
    const published: PublishedKeys | { why: string } = readPublishedKeys(json, server, this.#verify);
    if ('why' in published) {
      this.#context.log.debug('published keys refused', { server, why: published.why });
      return undefined;
    }
    const fetchedAt = this.#context.clock.now();
    // A signature over it has been checked: it has a canonical form.
    const text = canonicalJson(json);
    return published.keys.map(({ keyId, publicKey, expiredTs }) => ({
      server,
      keyId,
      publicKey,
      validUntil: expiredTs ?? published.validUntilTs,
      isOld: expiredTs !== undefined,
      json: text,
      fetchedAt,
    }));
  }
}

/** We as a notary: keys of other servers with our signature beside theirs. */
import { MatrixError } from '../../../matrix/errors.ts';
import { parseServerName } from '../../../matrix/ids.ts';
import { asObject, type JsonObject } from '../../../matrix/json.ts';
import { parseTrusted } from '../../../matrix/json-parse.ts';
import type { ServerKeyRecord } from '../../../ports/store/index.ts';
import { signJson } from '../../../rules/signatures/sign.ts';
import type { Context } from '../../context.ts';
import type { FederationPolicy } from '../policy.ts';
import type { KeyRing } from './key-ring.ts';
import type { OwnKeys } from './own-keys.ts';

export interface NotaryOptions {
  readonly context: Context;
  readonly ownKeys: OwnKeys;
  readonly keyRing: KeyRing;
  readonly policy: FederationPolicy;
}

/** Which keys somebody asks for: those ids, all of them where there is none, valid until that time at least. */
export interface KeyQuery {
  readonly server: string;
  readonly keyIds: readonly string[];
  /** "If not supplied, the notary server MUST use the current time." */
  readonly minimumValidUntil: number | undefined;
}

/** Each of them may have to be asked: a question about more is an attempt to make us ask the whole world. */
const SERVERS_MAX = 100;

export class Notary {
  readonly #options: NotaryOptions;

  constructor(options: NotaryOptions) {
    this.#options = options;
  }

  /** "Servers which are offline and have no cached keys will not be included in the result." */
  async query(queries: readonly KeyQuery[]): Promise<JsonObject[]> {
    if (queries.length > SERVERS_MAX) {
      throw new MatrixError('M_TOO_LARGE', `Ask for the keys of at most ${SERVERS_MAX} servers at a time`);
    }
    return (await Promise.all(queries.map((query) => this.#answers(query)))).flat();
  }

  async #answers({ server: name, keyIds, minimumValidUntil }: KeyQuery): Promise<JsonObject[]> {
    const { context, ownKeys, keyRing, policy } = this.#options;
    const server = parseServerName(name);
    if (server === undefined) return [];
    if (server === context.serverName) return [ownKeys.published()];
    if (!policy.allows(server)) return [];
    const records = await keyRing.records(server, minimumValidUntil ?? context.clock.now());
    return [...textsOf(records, keyIds)].flatMap((text) => {
      const json = asObject(parseTrusted(text));
      return json === undefined ? [] : [signJson(json, ownKeys.signer)];
    });
  }
}

/** The answers of a server that hold the keys: the newest of all, and older ones for keys that only they name. */
function textsOf(records: readonly ServerKeyRecord[], keyIds: readonly string[]): Set<string> {
  const newest = records.toSorted((left, right) => right.fetchedAt - left.fetchedAt)[0];
  const named = records.filter(({ keyId }) => keyIds.length === 0 || keyIds.includes(keyId));
  return new Set([...(newest === undefined ? [] : [newest.json]), ...named.map(({ json }) => json)]);
}

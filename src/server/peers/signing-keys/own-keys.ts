/** Our own keys, and what we publish about them. */
import { encodeBase64 } from '../../../lib/base64.ts';
import type { ServerName } from '../../../matrix/ids.ts';
import type { JsonObject } from '../../../matrix/json.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Crypto, SigningKey } from '../../../ports/crypto.ts';
import { signJson, type Signer } from '../../../rules/signatures/sign.ts';
import type { ServerKey } from '../../../rules/signatures/verify.ts';

/** A key that signed events once. */
export interface OldSigningKey {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly expiredTs: number;
}

export interface OwnKeysOptions {
  readonly serverName: ServerName;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly signingKey: SigningKey;
  readonly oldKeys: readonly OldSigningKey[];
}

const DAY_MS = 24 * 3_600_000;
/**
 * "Originating servers should avoid returning responses that expire in less than an hour", and notaries keep an answer
 * for half of its lifetime: it is made anew when that is over.
 */
const RENEWED_AFTER_MS = DAY_MS / 2;

export class OwnKeys {
  readonly #options: OwnKeysOptions;
  readonly #publicKey: Uint8Array;
  readonly signer: Signer;
  #published: { readonly json: JsonObject; readonly at: number } | undefined;

  constructor(options: OwnKeysOptions) {
    const { crypto, serverName, signingKey } = options;
    this.#options = options;
    this.#publicKey = crypto.ed25519PublicKey(signingKey.seed);
    this.signer = {
      entity: serverName,
      keyId: signingKey.keyId,
      sign: (text) => crypto.ed25519Sign(signingKey.seed, text),
    };
  }

  /** What the signer makes, by another thread: for many at a time. */
  signAside(text: string): Promise<Uint8Array> {
    const { crypto, signingKey } = this.#options;
    return crypto.ed25519SignAside(signingKey.seed, text);
  }

  /** One of our keys by its id. */
  find(keyId: string): ServerKey | undefined {
    const { clock, signingKey, oldKeys } = this.#options;
    const validUntilTs = clock.now() + DAY_MS;
    if (keyId === signingKey.keyId) return { publicKey: this.#publicKey, validUntilTs };
    const old = oldKeys.find((one) => one.keyId === keyId);
    return old && { publicKey: old.publicKey, validUntilTs: old.expiredTs, expiredTs: old.expiredTs };
  }

  /** The signed answer of `GET /_matrix/key/v2/server`. */
  published(): JsonObject {
    const { clock, serverName, signingKey, oldKeys } = this.#options;
    const now = clock.now();
    const last = this.#published;
    // A clock that was put back makes a new one as well.
    if (last !== undefined && now >= last.at && now - last.at < RENEWED_AFTER_MS) return last.json;
    const json = signJson(
      {
        server_name: serverName,
        valid_until_ts: now + DAY_MS,
        verify_keys: { [signingKey.keyId]: { key: encodeBase64(this.#publicKey) } },
        old_verify_keys: Object.fromEntries(
          oldKeys.map(({ keyId, publicKey, expiredTs }) => [
            keyId,
            { key: encodeBase64(publicKey), expired_ts: expiredTs },
          ]),
        ),
      },
      this.signer,
    );
    this.#published = { json, at: now };
    return json;
  }
}

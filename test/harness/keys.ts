/** Signed device keys as a client makes them. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../../src/matrix/canonical-json.ts';
import type { JsonObject } from '../../src/matrix/json.ts';
import type { Dict } from './answer.ts';
import { type User, v3 } from './user.ts';

export class SigningPair {
  readonly #key: KeyObject;
  /** Unpadded base64. */
  readonly publicKey: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.#key = privateKey;
    this.publicKey = unpadded(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
  }

  /** `object` with a signature of `user` added. */
  sign(object: Dict, user: string, keyId: string): Dict {
    const { signatures, unsigned: _, ...signed } = object;
    const signature = unpadded(sign(null, Buffer.from(canonicalJson(signed as JsonObject)), this.#key));
    const before = (signatures as Record<string, Dict> | undefined) ?? {};
    return { ...object, signatures: { ...before, [user]: { ...before[user], [`ed25519:${keyId}`]: signature } } };
  }
}

/** Keys of one device. */
export class DeviceKeys {
  readonly pair = new SigningPair();
  readonly user: string;
  readonly device: string;
  readonly identity: string = unpadded(randomBytes(32));

  constructor(user: string, device: string) {
    this.user = user;
    this.device = device;
  }

  signed(object: Dict): Dict {
    return this.pair.sign(object, this.user, this.device);
  }

  get deviceKeys(): Dict {
    return this.signed({
      user_id: this.user,
      device_id: this.device,
      algorithms: ['m.olm.v1.curve25519-aes-sha2', 'm.megolm.v1.aes-sha2'],
      keys: { [`curve25519:${this.device}`]: this.identity, [`ed25519:${this.device}`]: this.pair.publicKey },
    });
  }

  /** One-time (or fallback) keys by id. */
  keys(ids: readonly string[], more: Dict = {}): Record<string, Dict> {
    return Object.fromEntries(
      ids.map((id) => [`signed_curve25519:${id}`, this.signed({ key: unpadded(randomBytes(32)), ...more })]),
    );
  }
}

/** Uploads device keys and one-time keys of a session. */
export async function uploadKeys(user: User, oneTime: readonly string[] = []): Promise<DeviceKeys> {
  const keys = new DeviceKeys(user.id, user.device);
  await user.ok('POST', v3`/keys/upload`, { device_keys: keys.deviceKeys, one_time_keys: keys.keys(oneTime) });
  return keys;
}

/** A master, self-signing and user-signing key. */
export class CrossSigning {
  readonly user: string;
  readonly master = new SigningPair();
  readonly selfSigning = new SigningPair();
  readonly userSigning = new SigningPair();

  constructor(user: string) {
    this.user = user;
  }

  #key(usage: string, pair: SigningPair): Dict {
    return { user_id: this.user, usage: [usage], keys: { [`ed25519:${pair.publicKey}`]: pair.publicKey } };
  }

  get upload(): { master_key: Dict; self_signing_key: Dict; user_signing_key: Dict } {
    const bySelf = (object: Dict): Dict => this.master.sign(object, this.user, this.master.publicKey);
    return {
      master_key: this.#key('master', this.master),
      self_signing_key: bySelf(this.#key('self_signing', this.selfSigning)),
      user_signing_key: bySelf(this.#key('user_signing', this.userSigning)),
    };
  }
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}

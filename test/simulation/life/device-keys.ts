/** Keys of simulated devices. */
import { encodeBase64 } from '../../../src/lib/base64.ts';
import { canonicalJson } from '../../../src/matrix/canonical-json.ts';
import type { JsonObject } from '../../../src/matrix/json.ts';
import type { SimulatedUser } from '../world/user.ts';

/** The keys of a user's device that a number determines, signed by themselves. */
export function deviceKeysOf(user: SimulatedUser, number: number): JsonObject {
  const { crypto } = user.server;
  const seed = new Uint8Array(32).fill(number % 256).fill(number >> 8, 16);
  const unsigned = {
    user_id: user.id,
    device_id: user.device,
    algorithms: ['m.olm.v1.curve25519-aes-sha2', 'm.megolm.v1.aes-sha2'],
    keys: {
      [`curve25519:${user.device}`]: encodeBase64(crypto.sha256(seed)),
      [`ed25519:${user.device}`]: encodeBase64(crypto.ed25519PublicKey(seed)),
    },
  };
  const signature = encodeBase64(crypto.ed25519Sign(seed, canonicalJson(unsigned)));
  return { ...unsigned, signatures: { [user.id]: { [`ed25519:${user.device}`]: signature } } };
}

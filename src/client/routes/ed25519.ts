/** Ed25519 for browsers whose own cryptography has none; loaded only there. */
import { ed25519 } from '@noble/curves/ed25519.js';

/** Whether the signature is right. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey);
  } catch {
    return false;
  }
}

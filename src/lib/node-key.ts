/** The key by which one node knows another: `ed25519:` and the public key in unpadded base64. */
import { decodeBase64, encodeBase64 } from './base64.ts';

const PREFIX = 'ed25519:';
const KEY_BYTES = 32;

/** The 32 bytes of a node's public key, or `undefined` for any other text. */
export function parseNodeKey(text: string): Uint8Array | undefined {
  const bytes = text.startsWith(PREFIX) ? decodeBase64(text.slice(PREFIX.length)) : undefined;
  return bytes?.length === KEY_BYTES ? bytes : undefined;
}

/** The text of a public key, as other nodes are told it. */
export function formatNodeKey(publicKey: Uint8Array): string {
  return PREFIX + encodeBase64(publicKey);
}

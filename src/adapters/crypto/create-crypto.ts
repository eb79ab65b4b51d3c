import type { Crypto } from '../../ports/crypto.ts';
import { createNodeCrypto } from './node-crypto.ts';
import { loadSodium } from './sodium-crypto.ts';

/** The Crypto port: Ed25519 by sodium-native where it loads (half the time), everything else by `node:crypto`. */
export async function createCrypto(): Promise<Crypto> {
  const base = createNodeCrypto();
  const sodium = await loadSodium();
  return sodium === undefined ? base : { ...base, ...sodium };
}

import type { Crypto } from '../../ports/crypto.ts';
import { Aside } from './aside.ts';
import { createNodeCrypto } from './node-crypto.ts';
import { loadSodium } from './sodium-crypto.ts';

/** The Crypto port: Ed25519 by sodium-native where it loads (half the time), everything else by `node:crypto`. */
export async function createCrypto(): Promise<Crypto> {
  const base = createNodeCrypto();
  const sodium = await loadSodium();
  if (sodium === undefined) return base;
  const aside = new Aside(sodium);
  return {
    ...base,
    ...sodium,
    ed25519SignAside: (seed, message) => aside.sign(seed, message),
    ed25519VerifyAside: (publicKey, message, signature) => aside.verify(publicKey, message, signature),
  };
}

export { createCrypto } from './create-crypto.ts';
export { createNodeCrypto } from './node-crypto.ts';

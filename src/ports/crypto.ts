/** Primitives of cryptography. Implementations call a library; nothing is written by hand. */
export interface Crypto {
  sha256(data: Uint8Array | string): Uint8Array;
  /** SHA-1: the tie-break of room version 1, and nothing else. */
  sha1(data: Uint8Array | string): Uint8Array;
  /** HMAC-SHA1, for the shared-secret registration that tools speak. */
  hmacSha1(key: string, data: Uint8Array | string): Uint8Array;
  hmacSha256(key: Uint8Array, data: Uint8Array | string): Uint8Array;
  /** Ed25519 signature (64 bytes) by a 32-byte seed. */
  ed25519Sign(seed: Uint8Array, message: Uint8Array | string): Uint8Array;
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array | string, signature: Uint8Array): boolean;
  ed25519PublicKey(seed: Uint8Array): Uint8Array;
  /** The same signature, made by another thread: for many at a time, which would keep this one from everything else. */
  ed25519SignAside(seed: Uint8Array, message: string): Promise<Uint8Array>;
  /** The same verdict, found by another thread. */
  ed25519VerifyAside(publicKey: Uint8Array, message: string, signature: Uint8Array): Promise<boolean>;
  /** Compares without telling by its time where the two differ; `false` for different lengths. */
  equals(left: Uint8Array, right: Uint8Array): boolean;
}

/** Hashing of passwords: slow on purpose, hence asynchronous and outside the main thread. */
export interface PasswordHasher {
  /** A hash in PHC string form; parameters and salt are inside. */
  hash(password: string): Promise<string>;
  /** Whether `password` made `hash`; `false` for a hash of unknown form. */
  verify(hash: string, password: string): Promise<boolean>;
}

/** The server's signing key: the id as events name it (`ed25519:abc`) and its 32-byte seed. */
export interface SigningKey {
  readonly keyId: string;
  readonly seed: Uint8Array;
}

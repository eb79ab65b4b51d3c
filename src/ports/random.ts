/** Cryptographically strong randomness, injected. */
export interface Random {
  bytes(count: number): Uint8Array;
  /** `length` characters of the URL-safe base64 alphabet: 6 bits each. */
  token(length: number): string;
  /** A uniform integer in [0, below). */
  integer(below: number): number;
}

/** What the core takes from the world it runs in: nothing in `client/` touches a global of the page. */
export interface ClientEnvironment {
  fetch(url: string, init: RequestInit): Promise<Response>;
  nowMs(): number;
  randomBytes(lengthBytes: number): Uint8Array<ArrayBuffer>;
  /** Resolves after `delayMs`, or at once when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  readonly subtle: SubtleCrypto;
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** A fresh identifier of `length` characters, five random bits each. */
export function freshId(environment: ClientEnvironment, length = 20): string {
  let id = '';
  for (const byte of environment.randomBytes(length)) id += BASE32.charAt(byte & 31);
  return id;
}

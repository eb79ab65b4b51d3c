import { argon2 as nodeArgon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { OperationError } from '../../matrix/errors.ts';
import type { PasswordHasher } from '../../ports/crypto.ts';
import { encodePhc, type PhcHash, parsePhc } from './phc.ts';

/** Derives the raw hash of a password by Argon2id. */
export type Derive = (password: string, parameters: Omit<PhcHash, 'hash'>, lengthBytes: number) => Promise<Uint8Array>;

export interface PasswordOptions {
  /** `minimal` is for tests alone. */
  readonly cost: 'standard' | 'minimal';
  /** Hashes that run at once; each takes 19 MiB. */
  readonly concurrencyMax?: number;
  /** Hashes that may wait; more are refused, so that a flood of logins cannot fill the memory. */
  readonly queueMax?: number;
}

const COSTS = {
  standard: { memoryKib: 19_456, passes: 2, lanes: 1 },
  minimal: { memoryKib: 8, passes: 1, lanes: 1 },
} as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const PACKAGE = '@node-rs/argon2';
/** What a stored hash may ask for at most. */
const MEMORY_KIB_MAX = 1_048_576;
const PASSES_MAX = 16;

/** Argon2id by `node:crypto`. */
export const deriveByNode: Derive = (password, parameters, lengthBytes) =>
  new Promise((resolve, reject) => {
    const { salt, memoryKib, passes, lanes } = parameters;
    const options = {
      message: password,
      nonce: salt,
      parallelism: lanes,
      tagLength: lengthBytes,
      memory: memoryKib,
      passes,
    };
    nodeArgon2('argon2id', options, (error, derived) => {
      if (error === null) resolve(derived);
      else reject(error);
    });
  });

interface NativeArgon2 {
  hashRaw(password: string, options: object): Promise<Uint8Array>;
}

/** Argon2id by @node-rs/argon2, which takes a third of the time; `undefined` where it does not load. */
export async function loadNativeDerive(): Promise<Derive | undefined> {
  try {
    const native = (await import(PACKAGE)) as NativeArgon2;
    return (password, parameters, lengthBytes) =>
      native.hashRaw(password, {
        algorithm: 2,
        version: 1,
        memoryCost: parameters.memoryKib,
        timeCost: parameters.passes,
        parallelism: parameters.lanes,
        outputLen: lengthBytes,
        salt: parameters.salt,
      });
  } catch {
    return undefined;
  }
}

/** Runs so many tasks at once, lets so many wait, refuses the rest. */
class Pool {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#runningMax) {
      if (this.#waiting.length >= this.#waitingMax) throw new OperationError('passwords-busy', { temporary: true });
      // Whoever ends hands over its place, so that the count stays.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** The password hasher over one derivation. */
export function createHasher(derive: Derive, options: PasswordOptions): PasswordHasher {
  const pool = new Pool(options.concurrencyMax ?? 2, options.queueMax ?? 256);
  return {
    async hash(password) {
      const parameters = { ...COSTS[options.cost], salt: randomBytes(SALT_BYTES) };
      const hash = await pool.run(() => derive(password, parameters, HASH_BYTES));
      return encodePhc({ ...parameters, hash });
    },
    async verify(stored, password) {
      const parsed = parsePhc(stored);
      if (parsed === undefined || parsed.memoryKib > MEMORY_KIB_MAX || parsed.passes > PASSES_MAX) return false;
      const hash = await pool.run(() => derive(password, parsed, parsed.hash.length));
      return timingSafeEqual(hash, parsed.hash);
    },
  };
}

/** The password hasher of the server: 19 MiB, two passes, one lane. */
export async function createPasswordHasher(options: PasswordOptions): Promise<PasswordHasher> {
  return createHasher((await loadNativeDerive()) ?? deriveByNode, options);
}

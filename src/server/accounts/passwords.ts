/** Password rules and checks. A password is never stored, logged or kept in a session. */
import { MatrixError } from '../../matrix/errors.ts';
import { utf8Length } from '../../matrix/ids.ts';
import type { PasswordHasher } from '../../ports/crypto.ts';

/** Shorter ones are guessed; the specification names no minimum, so this is ours. */
const LENGTH_MIN = 8;
/** Hashing costs time by length: nobody needs more. */
const BYTES_MAX = 512;

export class Passwords {
  readonly #hasher: PasswordHasher;
  /** What an unknown user's password is checked against, so that both answers take as long (adv-067). */
  readonly #decoy: Promise<string>;

  constructor(hasher: PasswordHasher, decoySecret: string) {
    this.#hasher = hasher;
    this.#decoy = hasher.hash(decoySecret);
  }

  /** Throws `M_WEAK_PASSWORD` for a password that must not be set. */
  async hash(password: string): Promise<string> {
    if (password.length < LENGTH_MIN) {
      throw new MatrixError('M_WEAK_PASSWORD', `A password has at least ${LENGTH_MIN} characters`);
    }
    if (utf8Length(password) > BYTES_MAX) {
      throw new MatrixError('M_INVALID_PARAM', `A password has at most ${BYTES_MAX} bytes`);
    }
    return await this.#hasher.hash(password);
  }

  /** Hashes a password that an administrator chose: short ones are theirs to answer for. */
  async hashAny(password: string): Promise<string> {
    if (password === '' || utf8Length(password) > BYTES_MAX) {
      throw new MatrixError('M_INVALID_PARAM', `A password has 1 to ${BYTES_MAX} bytes`);
    }
    return await this.#hasher.hash(password);
  }

  /** Whether the password is right; takes the same time for an account without a password. */
  async verify(hash: string | undefined, password: string): Promise<boolean> {
    // "Empty password refused before any back end" (adv-076).
    if (password === '' || utf8Length(password) > BYTES_MAX) return false;
    const matches = await this.#hasher.verify(hash ?? (await this.#decoy), password);
    return matches && hash !== undefined;
  }
}

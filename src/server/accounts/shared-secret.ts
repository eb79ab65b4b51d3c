/**
 * `/_synapse/admin/v1/register`: accounts made by whoever holds `registration.sharedSecret`. Tools, bots and test
 * suites speak it: a nonce, and an HMAC-SHA1 over nonce, user, password and the admin flag with NUL between them.
 */
import { boundedMap } from '../bounded-map.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Context } from '../context.ts';

const NONCE_LIFETIME_MS = 60_000;
const NONCES_MAX = 10_000;

export interface SharedSecretRequest {
  readonly nonce: string;
  readonly username: string;
  readonly password: string;
  readonly admin: boolean;
  readonly userType: string | undefined;
  readonly mac: string;
}

export class SharedSecret {
  readonly #context: Context;
  readonly #secret: string | undefined;
  readonly #nonces = boundedMap<string, number>(NONCES_MAX);

  constructor(context: Context, secret: string | undefined) {
    this.#context = context;
    this.#secret = secret;
  }

  /** A nonce that one request within a minute may use. */
  nonce(): string {
    this.#requireEnabled();
    const nonce = this.#context.random.token(32);
    this.#nonces.set(nonce, this.#context.clock.monotonic() + NONCE_LIFETIME_MS);
    return nonce;
  }

  /** Throws unless the request was made by a holder of the secret; uses its nonce up either way. */
  requireValid(request: SharedSecretRequest): void {
    const secret = this.#requireEnabled();
    const expiresAt = this.#nonces.get(request.nonce);
    this.#nonces.delete(request.nonce);
    if (expiresAt === undefined || expiresAt <= this.#context.clock.monotonic()) {
      throw new MatrixError('M_UNKNOWN', 'unrecognised nonce', { status: 400 });
    }
    const parts = [request.nonce, request.username, request.password, request.admin ? 'admin' : 'notadmin'];
    if (request.userType !== undefined) parts.push(request.userType);
    const wanted = this.#context.crypto.hmacSha1(secret, parts.join('\0'));
    if (!this.#context.crypto.equals(wanted, fromHex(request.mac))) {
      throw new MatrixError('M_UNKNOWN', 'HMAC incorrect', { status: 403 });
    }
  }

  #requireEnabled(): string {
    if (this.#secret === undefined) {
      throw new MatrixError('M_UNKNOWN', 'Shared secret registration is not enabled', { status: 400 });
    }
    return this.#secret;
  }
}

function fromHex(text: string): Uint8Array {
  const pairs = /^(?:[0-9a-fA-F]{2}){1,64}$/.test(text) ? (text.match(/../g) ?? []) : [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

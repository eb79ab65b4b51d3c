/** Access and refresh tokens: made, checked, refreshed and ended. Only their SHA-256 is stored. */
import { boundedMap } from '../bounded-map.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { AccountRecord, Transaction } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';

/** Who acts: the account and the device behind an access token. */
export interface Caller {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly tokenHash: Uint8Array;
  readonly admin: boolean;
  readonly guest: boolean;
  readonly locked: boolean;
  readonly suspended: boolean;
}

export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly expiresInMs: number | undefined;
}

/** Prefixes keep the namespaces of tokens apart (adv-084). */
const ACCESS_PREFIX = 'pst_';
const REFRESH_PREFIX = 'psr_';
/** 40 characters of base64: 240 bits. */
const TOKEN_LENGTH = 40;
/** An access token that can be refreshed lives an hour. */
const ACCESS_LIFETIME_MS = 3_600_000;
const CALLERS_MAX = 50_000;

interface Cached {
  readonly caller: Caller;
  readonly expiresAt: number | undefined;
}

export class Tokens {
  readonly #context: Context;
  readonly #callers = boundedMap<string, Cached>(CALLERS_MAX);

  constructor(context: Context) {
    this.#context = context;
  }

  /** Makes tokens for a device inside the transaction that creates or renews it. */
  issue(transaction: Transaction, user: UserId, device: DeviceId, refreshable: boolean): IssuedTokens {
    const { random, clock } = this.#context;
    const accessToken = ACCESS_PREFIX + random.token(TOKEN_LENGTH);
    const refreshToken = refreshable ? REFRESH_PREFIX + random.token(TOKEN_LENGTH) : undefined;
    const refreshHash = refreshToken === undefined ? undefined : this.#hash(refreshToken);
    if (refreshHash !== undefined) {
      transaction.accounts.putRefreshToken({ tokenHash: refreshHash, user, device, successorHash: undefined });
    }
    transaction.accounts.putAccessToken({
      tokenHash: this.#hash(accessToken),
      user,
      device,
      expiresAt: refreshable ? clock.now() + ACCESS_LIFETIME_MS : undefined,
      refreshHash,
    });
    return { accessToken, refreshToken, expiresInMs: refreshable ? ACCESS_LIFETIME_MS : undefined };
  }

  /**
   * The caller behind an access token. Throws `M_UNKNOWN_TOKEN`, with `soft_logout` where the token has only
   * expired: "the client has been logged out … but the device is still there".
   */
  async authenticate(token: string): Promise<Caller> {
    const cached = this.#callers.get(token);
    const found = cached ?? (await this.#load(token));
    if (found.expiresAt !== undefined && found.expiresAt <= this.#context.clock.now()) {
      this.#callers.delete(token);
      throw new MatrixError('M_UNKNOWN_TOKEN', 'The access token has expired', { extra: { soft_logout: true } });
    }
    return found.caller;
  }

  async #load(token: string): Promise<Cached> {
    const { store } = this.#context;
    const tokenHash = this.#hash(token);
    const record = token.startsWith(ACCESS_PREFIX) ? await store.accounts.findAccessToken(tokenHash) : undefined;
    const account = record === undefined ? undefined : await store.accounts.findAccount(record.user);
    if (record === undefined || account === undefined || account.deactivated) {
      throw new MatrixError('M_UNKNOWN_TOKEN', 'The access token is not known', { extra: {} });
    }
    const { refreshHash } = record;
    // "The old refresh token … must be invalidated once the new access or refresh token is used."
    if (refreshHash !== undefined) await store.transact((one) => one.accounts.retirePredecessors(refreshHash));
    const cached = { caller: callerOf(account, record.device, tokenHash), expiresAt: record.expiresAt };
    this.#callers.set(token, cached);
    return cached;
  }

  /** Exchanges a refresh token. Throws `M_UNKNOWN_TOKEN` where it is unknown or has been replaced. */
  async refresh(refreshToken: string): Promise<IssuedTokens> {
    const { store } = this.#context;
    const tokenHash = this.#hash(refreshToken);
    const record = refreshToken.startsWith(REFRESH_PREFIX)
      ? await store.accounts.findRefreshToken(tokenHash)
      : undefined;
    const account = record === undefined ? undefined : await store.accounts.findAccount(record.user);
    if (record === undefined || account === undefined || account.deactivated || account.locked) {
      throw new MatrixError('M_UNKNOWN_TOKEN', 'The refresh token is not known', { extra: {} });
    }
    const { successorHash } = record;
    const issued = await store.transact((one) => {
      one.accounts.retirePredecessors(tokenHash);
      // Refreshed twice with the same token: the answer of the first time was lost, its tokens are worthless.
      if (successorHash !== undefined) one.accounts.deleteRefreshToken(successorHash);
      const next = this.issue(one, record.user, record.device, true);
      if (next.refreshToken !== undefined) {
        one.accounts.setRefreshSuccessor(tokenHash, this.#hash(next.refreshToken));
      }
      return next;
    });
    this.forget(record.user, record.device);
    return issued;
  }

  /** Drops what is remembered of a user's tokens, of one device or of all: the next use asks the store. */
  forget(user: UserId, device?: DeviceId): void {
    for (const [token, { caller }] of this.#callers.entries()) {
      if (caller.user === user && (device === undefined || caller.device === device)) this.#callers.delete(token);
    }
  }

  #hash(token: string): Uint8Array {
    return this.#context.crypto.sha256(token);
  }
}

function callerOf(account: AccountRecord, device: DeviceId, tokenHash: Uint8Array): Caller {
  return {
    user: account.user,
    device,
    tokenHash,
    admin: account.admin,
    guest: account.guest,
    locked: account.locked,
    suspended: account.suspended,
  };
}

/** Making accounts: by the API in the configured mode, and by an administrator's tool with the shared secret. */
import { MatrixError } from '../../matrix/errors.ts';
import { isLocalpart, type UserId, userIdOf, utf8Length } from '../../matrix/ids.ts';
import { getString, type JsonObject } from '../../matrix/json.ts';
import {
  type AccountRecord,
  ConflictError,
  type RegistrationTokenRecord,
  type Transaction,
} from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { AuthSession, Requirement, Stage, StageCheck } from './interactive-auth.ts';

export type RegistrationMode = 'open' | 'token' | 'invite' | 'closed';

export interface NewAccount {
  readonly localpart: string | undefined;
  readonly passwordHash: string | undefined;
  readonly admin?: boolean;
  /** A registration token to use up in the same transaction. */
  readonly token?: RegistrationTokenRecord | undefined;
}

export class Registration {
  readonly #context: Context;
  readonly #mode: RegistrationMode;

  constructor(context: Context, mode: RegistrationMode) {
    this.#context = context;
    this.#mode = mode;
  }

  /** Whether a one-time link or token can make an account although registration is closed to everybody else. */
  async requirement(): Promise<Requirement> {
    const flow = await this.#flow();
    return {
      operation: 'register',
      flows: [flow],
      checks: { 'm.login.dummy': dummy, 'm.login.registration_token': this.#checkToken },
    };
  }

  async #flow(): Promise<readonly Stage[]> {
    switch (this.#mode) {
      case 'open':
        return ['m.login.dummy'];
      case 'token':
      case 'invite':
        return ['m.login.registration_token'];
      case 'closed': {
        // The very first account is made through the one-time link even where registration is closed.
        if ((await this.#context.store.accounts.countAccounts()) === 0) return ['m.login.registration_token'];
        throw new MatrixError('M_FORBIDDEN', 'Registration is closed on this server');
      }
    }
  }

  readonly #checkToken: StageCheck = async (auth, session) => {
    const token = getString(auth, 'token');
    if (token === undefined) throw new MatrixError('M_MISSING_PARAM', 'The stage needs a token');
    if ((await this.findValidToken(token)) === undefined) {
      throw new MatrixError('M_UNAUTHORIZED', 'The registration token is not valid');
    }
    session.registrationToken = token;
  };

  /** A registration token that can be used now. */
  async findValidToken(token: string): Promise<RegistrationTokenRecord | undefined> {
    const record = await this.#context.store.accounts.findRegistrationToken(token);
    if (record === undefined) return undefined;
    if (record.expiresAt !== undefined && record.expiresAt <= this.#context.clock.now()) return undefined;
    return record.usesMax !== undefined && record.usesCompleted >= record.usesMax ? undefined : record;
  }

  /** The token that a completed session brought. Throws where it has been used up meanwhile. */
  async tokenOf(session: AuthSession): Promise<RegistrationTokenRecord | undefined> {
    if (session.registrationToken === undefined) return undefined;
    const record = await this.findValidToken(session.registrationToken);
    if (record === undefined) throw new MatrixError('M_FORBIDDEN', 'The registration token has been used up');
    return record;
  }

  /**
   * The user id for a wanted localpart. Throws `M_INVALID_USERNAME` or `M_USER_IN_USE`.
   * "Upper-case letters are mapped": the localpart is folded to lower case.
   */
  async requireFree(localpart: string): Promise<UserId> {
    const user = userIdOf(localpart.toLowerCase(), this.#context.serverName);
    if (!isLocalpart(localpart.toLowerCase()) || utf8Length(user) > 255) {
      throw new MatrixError('M_INVALID_USERNAME', 'A user name may hold a-z, 0-9 and . _ = - / +');
    }
    if (/^[0-9]+$/.test(localpart)) throw new MatrixError('M_INVALID_USERNAME', 'A user name is not only digits');
    if ((await this.#context.store.accounts.findAccount(user)) !== undefined) {
      throw new MatrixError('M_USER_IN_USE', 'The user name is taken');
    }
    return user;
  }

  /**
   * Creates the account and what `also` adds, in one transaction. Of many that ask for one name at once exactly one
   * wins (adv-085).
   */
  async create<T>(
    account: NewAccount,
    also: (transaction: Transaction, user: UserId) => T,
  ): Promise<{ user: UserId; result: T }> {
    const localpart =
      account.localpart ??
      this.#context.random
        .token(12)
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, 'x');
    const user = await this.requireFree(localpart);
    const { store, clock } = this.#context;
    const record: AccountRecord = {
      user,
      passwordHash: account.passwordHash,
      createdAt: clock.now(),
      admin: account.admin === true || account.token?.admin === true,
      guest: false,
      locked: false,
      suspended: false,
      deactivated: false,
    };
    try {
      const result = await store.transact((one) => {
        if (account.token !== undefined) one.accounts.useRegistrationToken(account.token.token);
        one.accounts.createAccount(record);
        one.accounts.setProfileField(user, 'displayname', JSON.stringify(localpart));
        return also(one, user);
      });
      return { user, result };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      throw new MatrixError('M_USER_IN_USE', 'The user name or the registration token was taken meanwhile', {
        cause: error,
      });
    }
  }
}

async function dummy(_auth: JsonObject): Promise<void> {
  // "Dummy authentication always succeeds and requires no extra parameters."
}

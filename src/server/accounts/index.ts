/** Accounts: registration, login, tokens, passwords, profiles. The face of the folder. */
import { MatrixError } from '../../matrix/errors.ts';
import { type DeviceId, parseUserId, serverOf, type UserId, userIdOf } from '../../matrix/ids.ts';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import type { PasswordHasher } from '../../ports/crypto.ts';
import type { AccountRecord, Transaction } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import { type AuthSession, identifiedUser, InteractiveAuth, type Requirement } from './interactive-auth.ts';
import { OpenIdTokens } from './open-id.ts';
import { Passwords } from './passwords.ts';
import { Profiles } from './profiles.ts';
import { RemoteProfiles } from './remote-profiles.ts';
import { Registration, type RegistrationMode } from './registration.ts';
import { type IssuedTokens, Tokens } from './tokens.ts';
import { SharedSecret } from './shared-secret.ts';

export type { Requirement } from './interactive-auth.ts';
export type { RegistrationMode } from './registration.ts';
export type { SharedSecretRequest } from './shared-secret.ts';
export type { Caller, IssuedTokens } from './tokens.ts';
export { type Profile, shortProfile } from './profiles.ts';

export interface AccountOptions {
  readonly registration: RegistrationMode;
  readonly sharedSecret: string | undefined;
  readonly hasher: PasswordHasher;
}

export interface SessionOptions {
  readonly deviceId: string | undefined;
  readonly displayName: string | undefined;
  readonly refreshable: boolean;
}

export interface NewSession extends IssuedTokens {
  readonly user: UserId;
  readonly device: DeviceId;
}

/** A device name longer than this is cut. */
const DEVICE_NAME_MAX = 100;

export class Accounts {
  readonly #context: Context;
  readonly tokens: Tokens;
  readonly interactiveAuth: InteractiveAuth;
  readonly passwords: Passwords;
  /** Of users of this server. */
  readonly profiles: Profiles;
  /** Of users of other servers. */
  readonly remoteProfiles: RemoteProfiles;
  readonly openId: OpenIdTokens;
  readonly registration: Registration;
  readonly sharedSecret: SharedSecret;

  constructor(context: Context, peers: Peers, options: AccountOptions) {
    this.#context = context;
    this.tokens = new Tokens(context);
    this.interactiveAuth = new InteractiveAuth(context);
    this.passwords = new Passwords(options.hasher, context.random.token(24));
    this.profiles = new Profiles(context);
    this.remoteProfiles = new RemoteProfiles(context, peers);
    this.openId = new OpenIdTokens(context);
    this.registration = new Registration(context, options.registration);
    this.sharedSecret = new SharedSecret(context, options.sharedSecret);
  }

  /** The local account that a full user id or a localpart names. */
  async findByName(name: string): Promise<AccountRecord | undefined> {
    const user = name.startsWith('@') ? parseUserId(name) : userIdOf(name.toLowerCase(), this.#context.serverName);
    if (user === undefined || serverOf(user) !== this.#context.serverName) return undefined;
    return await this.#context.store.accounts.findAccount(user);
  }

  /** A local account. Throws `M_NOT_FOUND`, or `M_INVALID_PARAM` for users of other servers. */
  async requireLocal(user: UserId): Promise<AccountRecord> {
    if (!this.isLocal(user)) throw new MatrixError('M_INVALID_PARAM', 'That is no user of this server');
    const account = await this.#context.store.accounts.findAccount(user);
    if (account === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such user');
    return account;
  }

  /** Locks, suspends or promotes an account, or takes that back. */
  async setFlags(user: UserId, flags: Partial<Pick<AccountRecord, 'admin' | 'locked' | 'suspended'>>): Promise<void> {
    await this.#context.store.transact((one) => {
      one.accounts.setAccountFlags(user, flags);
      one.onCommit(() => this.tokens.forget(user));
    });
  }

  /** Whether a user id belongs to this server. */
  isLocal(user: UserId): boolean {
    return serverOf(user) === this.#context.serverName;
  }

  /**
   * Logs in by password. The answer and its time are the same for an unknown user and a wrong password (adv-067).
   * Throws `M_FORBIDDEN` or `M_USER_LOCKED`.
   */
  async loginByPassword(body: JsonObject, password: string, session: SessionOptions): Promise<NewSession> {
    const account = await this.#checkCredentials(identifiedUser(body), password);
    return await this.#context.store.transact((one) => this.openSession(one, account.user, session));
  }

  async #checkCredentials(name: string | undefined, password: string): Promise<AccountRecord> {
    const account = name === undefined ? undefined : await this.findByName(name);
    const usable = account?.deactivated === true ? undefined : account?.passwordHash;
    const right = await this.passwords.verify(usable, password);
    if (account === undefined || !right) throw new MatrixError('M_FORBIDDEN', 'Invalid user name or password');
    if (account.locked) {
      throw new MatrixError('M_USER_LOCKED', 'This account has been locked', { extra: { soft_logout: true } });
    }
    return account;
  }

  /** Opens a session on a new or an existing device of the account, whose older tokens end. */
  openSession(transaction: Transaction, user: UserId, options: SessionOptions): NewSession {
    const { random, clock } = this.#context;
    const device = (options.deviceId ?? newDeviceId(random.token(16))) as DeviceId;
    transaction.accounts.deleteDeviceTokens(user, device);
    transaction.accounts.putDevice({
      user,
      device,
      displayName: options.displayName?.slice(0, DEVICE_NAME_MAX),
      createdAt: clock.now(),
      lastSeenAt: undefined,
      dehydrated: false,
    });
    const tokens = this.tokens.issue(transaction, user, device, options.refreshable);
    transaction.onCommit(() => this.tokens.forget(user, device));
    return { ...tokens, user, device };
  }

  /** The interactive authentication by which an account's owner confirms something. */
  confirmation(user: UserId, operation: string): Requirement {
    return {
      operation: `${operation} ${user}`,
      flows: [['m.login.password']],
      checks: {
        'm.login.password': async (auth) => {
          const name = identifiedUser(auth) ?? user;
          const password: JsonValue | undefined = auth['password'];
          const account = await this.#checkCredentials(name, typeof password === 'string' ? password : '');
          // The identifier of another account does not confirm this one's operations (adv-088).
          if (account.user !== user) throw new MatrixError('M_FORBIDDEN', 'Invalid user name or password');
        },
      },
    };
  }

  /** Requires that the caller confirms `operation` with the password. */
  async requireConfirmation(user: UserId, operation: string, auth: unknown): Promise<AuthSession> {
    return await this.interactiveAuth.require(auth, this.confirmation(user, operation));
  }

  /** Sets a new password and, where asked, ends every session but the one given. */
  async setPassword(
    user: UserId,
    password: string,
    endOthers: { keep: DeviceId | undefined } | undefined,
  ): Promise<void> {
    const { store } = this.#context;
    const hash = await this.passwords.hash(password);
    const devices = await store.accounts.listDevices(user);
    const ended = endOthers === undefined ? [] : devices.filter((one) => one.device !== endOthers.keep);
    await store.transact((one) => {
      one.accounts.setPassword(user, hash);
      if (ended.length > 0) {
        one.accounts.deleteDevices(
          user,
          ended.map(({ device }) => device),
        );
        one.keys.noteDeviceListChange(user);
      }
      one.onCommit(() =>
        this.#announceEnded(
          user,
          ended.map(({ device }) => device),
          one.position,
        ),
      );
    });
  }

  #announceEnded(user: UserId, devices: readonly DeviceId[], position: Transaction['position']): void {
    const { stream } = this.#context;
    for (const device of devices) {
      this.tokens.forget(user, device);
      stream.publish({ kind: 'session-ended', user, device });
    }
    if (devices.length > 0) stream.publish({ kind: 'device-list', position, user });
  }

  /**
   * Deactivates an account: every device, token and profile field goes, the name stays taken for ever
   * ("it can never be used again"), and the password cannot log in any more (adv-072, adv-087).
   */
  async deactivate(user: UserId): Promise<void> {
    const { store } = this.#context;
    const devices = (await store.accounts.listDevices(user)).map((one) => one.device);
    await store.transact((one) => {
      one.accounts.setAccountFlags(user, { deactivated: true });
      one.accounts.setPassword(user, undefined);
      one.accounts.deleteDevices(user, devices);
      one.accounts.deleteProfile(user);
      one.keys.noteDeviceListChange(user);
      one.onCommit(() => {
        this.tokens.forget(user);
        this.#announceEnded(user, devices, one.position);
      });
    });
  }
}

function newDeviceId(random: string): string {
  return random
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, 'X')
    .slice(0, 10);
}

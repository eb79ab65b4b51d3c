/** What the owner of a server does from the command line: accounts and invites. The face of the folder. */
import { MatrixError } from '../../matrix/errors.ts';
import { parseRoomId, type UserId } from '../../matrix/ids.ts';
import type { AccountRecord, RegistrationTokenRecord } from '../../ports/store/index.ts';
import type { Accounts } from '../accounts/index.ts';
import type { Context } from '../context.ts';
import type { Devices } from '../devices/index.ts';
import type { Lifecycle } from '../lifecycle/index.ts';
import type { ServerRoutes } from '../routes/index.ts';

export interface AdminParts {
  readonly context: Context;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly lifecycle: Lifecycle;
  readonly routes: ServerRoutes;
  readonly publicBaseUrl: string;
}

/** Every command with what it takes; what each answers is plain JSON. */
export type AdminCommand =
  | { readonly name: 'user.create'; readonly user: string; readonly password?: string; readonly admin?: boolean }
  | { readonly name: 'user.list'; readonly after?: string }
  | { readonly name: UserAction; readonly user: string }
  | { readonly name: 'user.reset-password'; readonly user: string; readonly password?: string }
  | {
      readonly name: 'invite.create';
      readonly uses?: number;
      readonly days?: number;
      readonly room?: string;
      readonly by?: string;
    }
  | { readonly name: 'invite.list' }
  | { readonly name: 'invite.revoke'; readonly token: string }
  | { readonly name: 'routes.show' }
  | { readonly name: 'routes.rotate' };

const USER_ACTIONS = [
  'user.lock',
  'user.unlock',
  'user.suspend',
  'user.unsuspend',
  'user.deactivate',
  'user.promote',
  'user.demote',
] as const;
export type UserAction = (typeof USER_ACTIONS)[number];

export interface UserFacts {
  readonly user: UserId;
  readonly createdAt: number;
  readonly admin: boolean;
  readonly locked: boolean;
  readonly suspended: boolean;
  readonly deactivated: boolean;
}

export interface InviteFacts {
  readonly token: string;
  readonly link: string;
  /** What stands for the link where none can be followed; without routes there is none. */
  readonly text: string | null;
  readonly usesLeft: number | null;
  readonly expiresAt: number | null;
}

const PAGE = 500;
const DAY_MS = 86_400_000;
const INVITE_USES_MAX = 10_000;
const INVITE_DAYS_MAX = 3_650;

export class Admin {
  readonly #parts: AdminParts;

  constructor(parts: AdminParts) {
    this.#parts = parts;
  }

  /** Runs a command. Throws the errors of the specification, with a sentence that says what to do. */
  async run(command: AdminCommand): Promise<unknown> {
    switch (command.name) {
      case 'user.create':
        return await this.#createUser(command);
      case 'user.list':
        return await this.#listUsers(command.after);
      case 'user.reset-password':
        return await this.#resetPassword(command);
      case 'invite.create':
        return await this.#createInvite(command);
      case 'invite.list':
        return await this.#listInvites();
      case 'invite.revoke':
        return await this.#revokeInvite(command.token);
      case 'routes.show':
        return await this.#parts.routes.facts();
      case 'routes.rotate':
        return await this.#parts.routes.rotate();
      default:
        return await this.#act(command.name, command.user);
    }
  }

  async #createUser({ user, password, admin }: Extract<AdminCommand, { name: 'user.create' }>) {
    const { accounts } = this.#parts;
    const secret = password ?? this.#newPassword();
    const passwordHash = await accounts.passwords.hash(secret);
    const created = await accounts.registration.create(
      { localpart: localpartOf(user), passwordHash, admin: admin === true },
      () => undefined,
    );
    return { user: created.user, ...(password === undefined && { password: secret }) };
  }

  /** Four groups of letters and digits that nobody mistakes for each other: 100 bits. */
  #newPassword(): string {
    const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
    const letters = Array.from({ length: 20 }, () => alphabet[this.#parts.context.random.integer(alphabet.length)]);
    return letters.join('').replaceAll(/(.{5})(?=.)/g, '$1-');
  }

  async #listUsers(after: string | undefined): Promise<UserFacts[]> {
    const { store } = this.#parts.context;
    const rows = await store.accounts.pageAccounts({
      limit: PAGE,
      ...(after !== undefined && { after: after as UserId }),
    });
    return rows.map(userFacts);
  }

  async #requireAccount(name: string): Promise<AccountRecord> {
    const account = await this.#parts.accounts.findByName(name);
    if (account === undefined) throw new MatrixError('M_NOT_FOUND', `There is no user ${name}`);
    return account;
  }

  async #act(action: UserAction, name: string): Promise<UserFacts> {
    const { accounts, lifecycle } = this.#parts;
    const { user, deactivated } = await this.#requireAccount(name);
    if (deactivated) throw new MatrixError('M_FORBIDDEN', `${user} is deactivated: that cannot be taken back`);
    if (action === 'user.deactivate') {
      await lifecycle.leaveEverything(user);
      await accounts.deactivate(user);
    } else {
      await accounts.setFlags(user, FLAGS[action]);
    }
    return userFacts(await this.#requireAccount(user));
  }

  async #resetPassword({ user: name, password }: Extract<AdminCommand, { name: 'user.reset-password' }>) {
    const { user } = await this.#requireAccount(name);
    const secret = password ?? this.#newPassword();
    await this.#parts.accounts.setPassword(user, secret, { keep: undefined });
    return { user, ...(password === undefined && { password: secret }) };
  }

  async #createInvite(command: Extract<AdminCommand, { name: 'invite.create' }>): Promise<InviteFacts> {
    const { context } = this.#parts;
    const uses = Math.min(Math.max(command.uses ?? 1, 1), INVITE_USES_MAX);
    const days = Math.min(Math.max(command.days ?? 7, 0), INVITE_DAYS_MAX);
    const by = command.by === undefined ? undefined : (await this.#requireAccount(command.by)).user;
    const record: RegistrationTokenRecord = {
      token: context.random.token(20),
      createdAt: context.clock.now(),
      createdBy: by,
      usesMax: uses,
      usesCompleted: 0,
      expiresAt: days === 0 ? undefined : context.clock.now() + days * DAY_MS,
      admin: false,
      rooms: command.room === undefined || parseRoomId(command.room) === undefined ? [] : [command.room],
    };
    await context.store.transact((one) => one.accounts.putRegistrationToken(record));
    return await this.#inviteFacts(record);
  }

  async #listInvites(): Promise<InviteFacts[]> {
    const { context } = this.#parts;
    const now = context.clock.now();
    const rows = await context.store.accounts.listRegistrationTokens();
    const open = rows
      .filter((one) => !one.admin && (one.expiresAt === undefined || one.expiresAt > now))
      .filter((one) => one.usesMax === undefined || one.usesCompleted < one.usesMax);
    return await Promise.all(open.map((one) => this.#inviteFacts(one)));
  }

  async #revokeInvite(token: string): Promise<{ revoked: string }> {
    const { context } = this.#parts;
    if ((await context.store.accounts.findRegistrationToken(token)) === undefined) {
      throw new MatrixError('M_NOT_FOUND', 'There is no such invite');
    }
    await context.store.transact((one) => one.accounts.deleteRegistrationToken(token));
    return { revoked: token };
  }

  async #inviteFacts(record: RegistrationTokenRecord): Promise<InviteFacts> {
    const { token, createdBy, expiresAt } = record;
    const [roomId] = record.rooms;
    const made = await this.#parts.routes.invite({
      token,
      ...(expiresAt !== undefined && { expiresAtMs: expiresAt }),
      ...(createdBy !== undefined && { inviter: createdBy }),
      ...(roomId !== undefined && { roomId }),
    });
    return {
      token,
      link: made?.link ?? this.#plainLink(record),
      text: made?.text ?? null,
      usesLeft: record.usesMax === undefined ? null : record.usesMax - record.usesCompleted,
      expiresAt: expiresAt ?? null,
    };
  }

  /** The link of a server that has no route which an invite could hold: its address is the route. */
  #plainLink({ token, createdBy, rooms }: RegistrationTokenRecord): string {
    const query = new URLSearchParams();
    if (createdBy !== undefined) query.set('from', createdBy);
    const [room] = rooms;
    if (room !== undefined) query.set('room', room);
    const search = query.size === 0 ? '' : `?${query.toString()}`;
    return `${this.#parts.publicBaseUrl}/#/invite/${encodeURIComponent(token)}${search}`;
  }
}

const FLAGS: Readonly<
  Record<Exclude<UserAction, 'user.deactivate'>, { locked?: boolean; suspended?: boolean; admin?: boolean }>
> = {
  'user.lock': { locked: true },
  'user.unlock': { locked: false },
  'user.suspend': { suspended: true },
  'user.unsuspend': { suspended: false },
  'user.promote': { admin: true },
  'user.demote': { admin: false },
};

/** Whether a name is one of the commands on a single account. */
export function isUserAction(name: string): name is UserAction {
  return USER_ACTIONS.some((one) => one === name);
}

function localpartOf(name: string): string {
  return name.startsWith('@') ? (name.slice(1).split(':', 1)[0] ?? '') : name;
}

function userFacts({ user, createdAt, admin, locked, suspended, deactivated }: AccountRecord): UserFacts {
  return { user, createdAt, admin, locked, suspended, deactivated };
}

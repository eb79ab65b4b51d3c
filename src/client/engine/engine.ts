/** The engine: an account when there is one, sign-in and registration when there is none, behind one face. */
import { logout } from '../../matrix/api/client-server/logout.ts';
import { registrationTokenValidity } from '../../matrix/api/client-server/registrationTokenValidity.ts';
import { setProfileField } from '../../matrix/api/client-server/setProfileField.ts';
import { OperationError } from '../../matrix/errors.ts';
import { MANIFEST_TYPE } from '../../matrix/routes/manifest.ts';
import { Api } from '../api/call.ts';
import { asObject } from '../json.ts';
import type { Store } from '../store/store.ts';
import { NOT_READY } from '../crypto/face.ts';
import { Account } from './account.ts';
import { isUserNameFree, registerAccount, signIn, suggestUserName } from './authentication.ts';
import type { Commands, ConnectionState, Engine, SecurityFeed, SessionState, TopicName, Topics } from './contract.ts';
import { Feed } from './feed.ts';
import type { Host, StoredSession } from './host.ts';
import { messageCommands } from './message-commands.ts';
import { roomCommands } from './room-commands.ts';
import { securityCommands } from './security-commands.ts';
import { RouteKeeper } from './route-keeper.ts';
import { NO_TOKENS } from './tokens.ts';

type Watcher = { readonly topic: TopicName; readonly argument: string; start(): void; stop(): void };

const NO_CONNECTION: ConnectionState = {
  connection: 'connecting',
  isCurrent: false,
  waitingCount: 0,
  cryptoReady: false,
};
const NO_SECURITY: SecurityFeed = { ...NOT_READY, recoveryKeyUnsaved: false };

class EngineCore {
  readonly #host: Host;
  /** What needs the network waits until it is known which routes there are. */
  readonly #opened: Promise<RouteKeeper>;
  #following = new AbortController();
  readonly #watchers = new Set<Watcher>();
  readonly session: Feed<SessionState>;
  #state: SessionState = { status: 'loading' };
  #account: Account | undefined;

  constructor(host: Host) {
    this.#host = host;
    this.#opened = RouteKeeper.open(host);
    this.session = new Feed(() => Promise.resolve(this.#state));
  }

  account(): Account {
    if (this.#account === undefined) throw new OperationError('signed-out', { temporary: false });
    return this.#account;
  }

  async #anonymous(): Promise<Api> {
    return new Api(this.#host.environment, (await this.#opened).line, NO_TOKENS);
  }

  async resume(): Promise<void> {
    const session = await this.#host.loadSession();
    if (session === undefined) this.#setState({ status: 'signed-out' });
    else await this.#enter(session, undefined);
  }

  #setState(state: SessionState): void {
    this.#state = state;
    this.session.changed();
  }

  async #enter(session: StoredSession, password: string | undefined): Promise<void> {
    const keeper = await this.#opened;
    const account = await Account.open({
      host: this.#host,
      line: keeper.line,
      session,
      ...(password === undefined ? {} : { password }),
      onSessionChanged: () => this.#setState(account.sessionState()),
      onSignedOut: () => void this.#leave(true).catch(() => undefined),
      onAccountData: (store, types) => {
        if (types.has(MANIFEST_TYPE)) void offerKept(keeper, store).catch(() => undefined);
      },
    });
    this.#account = account;
    this.#setState(account.sessionState());
    for (const watcher of this.#watchers) watcher.start();
    account.start();
    this.#following = new AbortController();
    void keeper.follow(account.api, account.userId, this.#following.signal).catch(() => undefined);
  }

  async #leave(wasSignedOut: boolean): Promise<void> {
    const account = this.#account;
    if (account === undefined) return;
    this.#account = undefined;
    this.#following.abort();
    for (const watcher of this.#watchers) watcher.stop();
    await account.stop();
    await this.#host.clearSession(account.session);
    this.#setState({ status: 'signed-out', wasSignedOut });
  }

  commands(): Commands {
    const account = () => this.account();
    const { environment } = this.#host;
    return {
      ...roomCommands(account),
      ...messageCommands(account),
      ...securityCommands(account),
      signIn: async (request) => {
        const session = await signIn(await this.#anonymous(), environment, request);
        await this.#host.saveSession(session);
        await this.#enter(session, request.password);
      },
      register: async (request) => {
        const session = await registerAccount(await this.#anonymous(), environment, request);
        await this.#host.saveSession(session);
        await this.#enter(session, request.password);
        await this.#setDisplayName(request.displayName).catch(() => undefined);
      },
      suggestUserName: async (wish) => suggestUserName(await this.#anonymous(), environment, wish),
      isUserNameFree: async (userName) => isUserNameFree(await this.#anonymous(), userName),
      isTokenValid: async (token) =>
        (await (await this.#anonymous()).call(registrationTokenValidity, { query: { token } })).valid === true,
      signOut: async () => {
        await this.account()
          .api.call(logout)
          .catch(() => undefined);
        await this.#leave(false);
      },
      setDisplayName: (name) => this.#setDisplayName(name),
      loadMembers: (roomId) => this.account().readers.load(roomId),
      openInvite: async (text) => (await this.#opened).openInvite(text),
      testRoutes: async () => (await this.#opened).line.probeAll(),
      wake: async () => {
        (await this.#opened).line.forgive();
        this.#account?.wake();
      },
    };
  }

  async #setDisplayName(name: string): Promise<void> {
    if (name === '') return;
    const path = { userId: this.account().userId, keyName: 'displayname' };
    await this.account().api.call(setProfileField, { path, body: { displayname: name } });
    await this.account().loadProfile();
  }

  #feedOf(account: Account, topic: Exclude<TopicName, 'session' | 'routes'>, argument: string): Feed<never> {
    const feeds = {
      connection: () => account.connection,
      rooms: () => account.rooms,
      security: () => account.security,
      verification: () => account.verification,
      timeline: () => account.timelines.get(argument),
      room: () => account.details.get(argument),
    };
    return feeds[topic]() as unknown as Feed<never>;
  }

  /** Watches a topic across sign-ins: while nobody is signed in, an empty value stands for it. */
  watch(topic: TopicName, argument: string, listener: (value: never) => void): () => void {
    if (topic === 'session') return this.session.watch(listener as (value: SessionState) => void);
    if (topic === 'routes') return this.#watchRoutes(listener as (value: Topics['routes']['value']) => void);
    let unwatch: (() => void) | undefined;
    const watcher: Watcher = {
      topic,
      argument,
      start: () => {
        const account = this.account();
        unwatch = this.#feedOf(account, topic, argument).watch(listener);
        if (topic === 'timeline') void account.onRoomOpened(argument).catch(() => undefined);
      },
      stop: () => {
        unwatch?.();
        const empty: Partial<{ [T in TopicName]: Topics[T]['value'] }> = {
          rooms: [],
          connection: NO_CONNECTION,
          security: NO_SECURITY,
          verification: null,
        };
        const value = empty[topic];
        if (value !== undefined) listener(value as never);
      },
    };
    this.#watchers.add(watcher);
    if (this.#account !== undefined) watcher.start();
    return () => {
      this.#watchers.delete(watcher);
      unwatch?.();
    };
  }

  #watchRoutes(listener: (value: Topics['routes']['value']) => void): () => void {
    let unwatch: (() => void) | undefined;
    let isOver = false;
    void this.#opened.then((keeper) => {
      if (!isOver) unwatch = keeper.feed.watch(listener);
    });
    return () => {
      isOver = true;
      unwatch?.();
    };
  }

  async stop(): Promise<void> {
    this.#following.abort();
    (await this.#opened).line.stop();
    await this.#account?.stop();
  }
}

/** A manifest that another device of the user was given. */
async function offerKept(keeper: RouteKeeper, store: Store): Promise<void> {
  const kept = asObject(await store.read(['accountData'], (one) => one.find('accountData', ['', MANIFEST_TYPE])));
  if (kept !== undefined) await keeper.offer(kept);
}

export interface RunningEngine extends Engine {
  /** Stops the loops and closes the databases; what is stored stays. */
  stop(): Promise<void>;
}

/** Starts the engine: it goes on with the kept sign-in, if there is one. */
export function startEngine(host: Host): RunningEngine {
  const core = new EngineCore(host);
  void core.resume().catch(() => undefined);
  return {
    commands: core.commands(),
    watch: (topic, argument, listener) => core.watch(topic, argument ?? '', listener as (value: never) => void),
    stop: () => core.stop(),
  };
}

/** One signed-in account: store, sync, outbox, timelines and crypto put together. */
import { Api } from '../api/call.ts';
import { NOT_READY, type CryptoFace, type Decrypted, type Verification } from '../crypto/face.ts';
import { isVerification, type RoomEvent } from '../events.ts';
import { asString } from '../json.ts';
import type { Line } from '../routes/line.ts';
import { Outbox } from '../outbox/outbox.ts';
import { createSealer, type Sealer } from '../store/sealer.ts';
import type { Store } from '../store/store.ts';
import type { Applied } from '../sync/apply.ts';
import { SyncLoop, type Connection } from '../sync/loop.ts';
import { RoomTimeline, type TimelineWindow } from '../timeline/room-timeline.ts';
import { passwordAuth } from './authentication.ts';
import { applyPending, echoItem } from './compose.ts';
import type { ConnectionState, RoomDetails, SecurityFeed, SessionState } from './contract.ts';
import { Feed, FeedMap } from './feed.ts';
import type { Host, StoredSession } from './host.ts';
import { readWaiting, refreshShields, roomsWaiting } from './late-keys.ts';
import { emptyDetails, readRoomDetails } from './members.ts';
import { loadProfile, type Profile } from './profile.ts';
import { RoomReaders } from './room-readers.ts';
import { readSummaries } from './summaries.ts';
import { SessionTokens } from './tokens.ts';

type RoomSession = Applied['unreadable'][number];

export interface AccountOptions {
  readonly host: Host;
  readonly line: Line;
  readonly session: StoredSession;
  /** Known right after sign-in only; it answers the server when it asks again, and is forgotten then. */
  readonly password?: string;
  onSessionChanged(): void;
  onSignedOut(): void;
  /** Account data of these types has come. */
  onAccountData(store: Store, types: ReadonlySet<string>): void;
}

export class Account {
  readonly api: Api;
  readonly store: Store;
  readonly sealer: Sealer;
  readonly outbox: Outbox;
  readonly readers: RoomReaders;
  readonly session: StoredSession;
  readonly host: Host;
  readonly rooms: Feed<Awaited<ReturnType<typeof readSummaries>>>;
  readonly connection: Feed<ConnectionState>;
  readonly security: Feed<SecurityFeed>;
  readonly verification: Feed<Verification | null>;
  readonly timelines: FeedMap<TimelineWindow>;
  readonly details: FeedMap<RoomDetails>;
  readonly #options: AccountOptions;
  readonly #loop: SyncLoop;
  /** Computed for its effect, and folded like any feed: warnings on messages of open rooms. */
  readonly #shields: Feed<void>;
  readonly #typing = new Map<string, readonly string[]>();
  readonly #windows = new Map<string, RoomTimeline>();
  readonly #verificationRooms = new Set<string>();
  #crypto: CryptoFace | undefined;
  readonly #cryptoOpened: Promise<CryptoFace | undefined>;
  #resolveCrypto: (crypto: CryptoFace | undefined) => void = () => undefined;
  #connection: Connection = 'connecting';
  #isCurrent = false;
  #verification: Verification | null = null;
  #profile: Profile = {};
  #password: string | undefined;

  private constructor(options: AccountOptions, store: Store, sealer: Sealer) {
    const { host, session } = options;
    this.#options = options;
    this.#password = options.password;
    this.host = host;
    this.session = session;
    this.store = store;
    this.sealer = sealer;
    this.#cryptoOpened = new Promise((resolve) => {
      this.#resolveCrypto = resolve;
    });
    this.api = new Api(host.environment, options.line, new SessionTokens(options, session, options.onSignedOut));
    this.readers = new RoomReaders({
      store,
      api: this.api,
      crypto: () => this.#crypto,
      onLoaded: (roomId) => this.#roomChanged(roomId),
    });
    this.outbox = new Outbox({
      environment: host.environment,
      store,
      sealer,
      api: this.api,
      protect: (roomId, message) => this.readers.protect(roomId, message),
      onChange: (roomId) => this.#outboxChanged(roomId),
    });
    this.rooms = new Feed(() => readSummaries(store, sealer, session.userId));
    this.connection = new Feed(() => this.#readConnection());
    this.security = new Feed(() => this.#readSecurity());
    this.verification = new Feed(() => Promise.resolve(this.#verification));
    this.#shields = new Feed(() => this.#refreshShields());
    this.#shields.watch(() => undefined);
    this.timelines = new FeedMap((roomId) => new Feed(() => this.#readTimeline(roomId)));
    this.details = new FeedMap((roomId) => new Feed(() => this.#readDetails(roomId)));
    this.#loop = new SyncLoop({
      api: this.api,
      environment: host.environment,
      store,
      sealer,
      userId: session.userId,
      decrypt: (event, roomId) => this.decrypt(event, roomId),
      crypto: () => this.#crypto,
      whenCrypto: () => this.#cryptoOpened,
      onApplied: (applied) => this.#onApplied(applied),
      onConnection: (connection) => this.#onConnection(connection),
      onCurrent: () => {
        this.#isCurrent = true;
        this.connection.changed();
      },
    });
  }

  /** Opens the databases of a sign-in; nothing is asked of the network yet. */
  static async open(options: AccountOptions): Promise<Account> {
    const { host, session } = options;
    const store = await host.openStore(session.storeName);
    const sealer = createSealer(host.environment, await host.sealingKey(session.storeName));
    return new Account(options, store, sealer);
  }

  start(): void {
    void this.#loop.run().catch(() => undefined);
    void this.loadProfile().catch(() => undefined);
    void this.#openCrypto().catch(() => this.#resolveCrypto(undefined));
    this.outbox.kick();
  }

  async stop(): Promise<void> {
    this.#loop.stop();
    this.outbox.stop();
    this.#crypto?.close();
    await this.store.close();
  }

  wake(): void {
    this.#loop.interrupt();
    this.outbox.kick();
  }

  get userId(): string {
    return this.session.userId;
  }

  sessionState(): SessionState {
    const { userId, deviceId } = this.session;
    return { status: 'signed-in', userId, deviceId, ...this.#profile };
  }

  /** Waits for the crypto; fails when it cannot be had here. */
  async crypto(): Promise<CryptoFace> {
    const crypto = await this.#cryptoOpened;
    if (crypto === undefined) throw new Error('encryption is not available');
    return crypto;
  }

  async decrypt(event: RoomEvent, roomId: string): Promise<Decrypted> {
    return this.#crypto === undefined ? { unreadable: 'pending' } : this.#crypto.decrypt(event, roomId);
  }

  async #openCrypto(): Promise<void> {
    const { host, session } = this;
    const crypto = await host.openCrypto(
      {
        environment: host.environment,
        api: this.api,
        userId: session.userId,
        deviceId: session.deviceId,
        listener: {
          onRoomKeys: (sessions) => void this.#onRoomKeys(sessions).catch(() => undefined),
          onVerification: (verification) => this.#onVerification(verification),
          onSecurityChanged: () => this.security.changed(),
          onPeopleChanged: () => this.#peopleChanged(),
        },
      },
      session.storeName,
    );
    this.#crypto = crypto;
    this.#resolveCrypto(crypto);
    this.connection.changed();
    this.#loop.interrupt();
    await crypto.flush().catch(() => undefined);
    for (const roomId of await readWaiting(this.#timelineDependencies())) this.#roomChanged(roomId);
    this.outbox.kick();
    await this.#setUpRecovery(crypto).catch(() => undefined);
    this.security.changed();
  }

  /** A new account gets its keys, its recovery key and its backup without being asked. */
  async #setUpRecovery(crypto: CryptoFace): Promise<void> {
    const key = await crypto.setUpRecovery(this.authenticate(this.#password));
    this.#password = undefined;
    if (key !== undefined) await this.keepRecoveryKey(key);
  }

  authenticate(password: string | undefined) {
    return (session: string | undefined) =>
      password === undefined ? undefined : passwordAuth(this.userId, password, session);
  }

  async keepRecoveryKey(key: string | undefined): Promise<void> {
    const sealed = key === undefined ? undefined : await this.sealer.seal(key);
    await this.store.write(['meta'], async (one) => {
      if (sealed === undefined) one.remove('meta', ['recoveryKey']);
      else one.put('meta', ['recoveryKey'], sealed);
    });
    this.security.changed();
  }

  async findRecoveryKey(): Promise<string | undefined> {
    const sealed = await this.store.read(['meta'], (one) => one.find('meta', ['recoveryKey']));
    return sealed instanceof Uint8Array ? asString(await this.sealer.open(sealed)) : undefined;
  }

  async loadProfile(): Promise<void> {
    await loadProfile(this, (profile) => {
      this.#profile = profile;
      this.#options.onSessionChanged();
    });
  }

  #onConnection(connection: Connection): void {
    if (this.#connection === connection) return;
    this.#connection = connection;
    this.connection.changed();
    if (connection === 'online') this.outbox.kick();
  }

  async #onApplied(applied: Applied): Promise<void> {
    await this.outbox.confirmSeen(applied);
    this.#options.onAccountData(this.store, applied.accountDataTypes);
    for (const { roomId, userIds } of applied.typing) this.#typing.set(roomId, userIds);
    for (const roomId of new Set([...applied.rooms, ...applied.typing.map((one) => one.roomId)]))
      this.#roomChanged(roomId);
    const crypto = this.#crypto;
    if (crypto === undefined) return;
    void this.#onUnreadable(applied.unreadable).catch(() => undefined);
    for (const { roomId, event } of applied.verificationEvents) await this.#onVerificationEvent(event, roomId);
    for (const roomId of applied.encryptedRooms) await this.readers.follow(crypto, roomId);
    if (applied.rooms.size > 0) this.outbox.kick();
  }

  async #onVerificationEvent(event: RoomEvent, roomId: string): Promise<void> {
    this.followOpenRooms(roomId);
    await this.#crypto?.receiveRoomVerification(event, roomId).catch(() => undefined);
  }

  /**
   * Events were stored that could not be read. A key that came between the attempt and the store told
   * nobody: they are tried once more, with the room's keys from the backup where it is open.
   */
  async #onUnreadable(sessions: readonly RoomSession[]): Promise<void> {
    const crypto = this.#crypto;
    if (crypto === undefined || sessions.length === 0) return;
    const opened = new Set(this.timelines.watched());
    for (const roomId of new Set(sessions.map((session) => session.roomId))) {
      if (opened.has(roomId)) await crypto.restoreRoom(roomId).catch(() => 0);
    }
    await this.#onRoomKeys(sessions);
  }

  async #onRoomKeys(sessions: readonly RoomSession[]): Promise<void> {
    for (const { roomId, sessionId } of sessions) {
      const changed = await readWaiting(this.#timelineDependencies(), roomId, sessionId);
      if (changed.size > 0) this.#roomChanged(roomId);
    }
  }

  #onVerification(verification: Verification): void {
    const over = verification.phase === 'done' || verification.phase === 'cancelled';
    // A flow that was over before anybody saw it is nobody's business.
    if (over && this.#verification?.flowId !== verification.flowId) return;
    this.#verification = verification;
    this.verification.changed();
    if (over) this.#verificationRooms.clear();
    if (verification.phase === 'done') this.security.changed();
  }

  #roomChanged(roomId: string): void {
    this.rooms.changed();
    this.timelines.changed(roomId);
    this.details.changed(roomId);
  }

  #peopleChanged(): void {
    this.#shields.changed();
    for (const roomId of this.details.watched()) this.details.changed(roomId);
    this.outbox.kick();
  }

  async #refreshShields(): Promise<void> {
    for (const roomId of this.timelines.watched()) {
      if (await refreshShields(this.#timelineDependencies(), roomId)) this.#roomChanged(roomId);
    }
  }

  #outboxChanged(roomId: string): void {
    this.timelines.changed(roomId);
    this.connection.changed();
  }

  #timelineDependencies() {
    const { store, sealer, api, userId } = this;
    return {
      store,
      sealer,
      api,
      userId,
      decrypt: (event: RoomEvent, roomId: string) => this.decrypt(event, roomId),
      onReadable: async (event: RoomEvent, roomId: string) => {
        if (isVerification(event)) await this.#onVerificationEvent(event, roomId);
      },
      onUnreadable: (sessions: readonly RoomSession[]) => this.#onUnreadable(sessions),
    };
  }

  timeline(roomId: string): RoomTimeline {
    const known = this.#windows.get(roomId);
    if (known !== undefined) return known;
    const timeline = new RoomTimeline(roomId, this.#timelineDependencies());
    this.#windows.set(roomId, timeline);
    return timeline;
  }

  async #readTimeline(roomId: string): Promise<TimelineWindow> {
    this.followOpenRooms();
    const window = await this.timeline(roomId).read();
    const pending = await this.outbox.list(roomId);
    const shown = new Set(window.items.map((item) => item.eventId));
    const echoes = pending
      .filter(({ record }) => record.eventId === undefined || !shown.has(record.eventId))
      .map((one) => echoItem(one, this.userId))
      .filter((item) => item !== undefined);
    return { ...window, items: [...applyPending(window.items, pending, this.userId), ...echoes] };
  }

  /**
   * Asks sync for every event of the rooms on screen, and of those in which somebody is being verified:
   * of other rooms only the newest event of each answer comes.
   */
  followOpenRooms(verificationRoom?: string): void {
    if (verificationRoom !== undefined) this.#verificationRooms.add(verificationRoom);
    this.#loop.setOpenRooms([...new Set([...this.timelines.watched(), ...this.#verificationRooms])]);
  }

  /** A room came on screen: its members and, where needed, its keys are fetched. */
  async onRoomOpened(roomId: string): Promise<void> {
    this.followOpenRooms();
    await this.readers.load(roomId);
    const crypto = await this.crypto();
    this.#shields.changed();
    if ((await roomsWaiting(this.store)).has(roomId)) await crypto.restoreRoom(roomId);
  }

  async restoreWaitingRooms(): Promise<void> {
    const crypto = await this.crypto();
    for (const roomId of await roomsWaiting(this.store)) {
      await crypto.restoreRoom(roomId).catch(() => undefined);
      if ((await readWaiting(this.#timelineDependencies(), roomId)).size > 0) this.#roomChanged(roomId);
    }
  }

  async #readDetails(roomId: string): Promise<RoomDetails> {
    const typingUserIds = this.#typing.get(roomId) ?? [];
    const details = await this.store.read(['rooms', 'state'], async (one) => {
      const room = await one.find('rooms', [roomId]);
      if (room === undefined) return emptyDetails(roomId);
      return readRoomDetails(one, room, { userId: this.userId, typingUserIds });
    });
    return { ...details, changedUserIds: await this.readers.listChanged(roomId) };
  }

  async #readConnection(): Promise<ConnectionState> {
    return {
      connection: this.#connection,
      isCurrent: this.#isCurrent,
      waitingCount: await this.outbox.countWaiting(),
      cryptoReady: this.#crypto !== undefined,
    };
  }

  async #readSecurity(): Promise<SecurityFeed> {
    const recoveryKeyUnsaved = (await this.findRecoveryKey()) !== undefined;
    if (this.#crypto === undefined) return { ...NOT_READY, recoveryKeyUnsaved };
    const state = await this.#crypto.securityState().catch(() => NOT_READY);
    return { ...state, recoveryKeyUnsaved };
  }
}

/** What the rest of the core sees of end-to-end encryption; the wasm hides behind it. */
import type { ClearContent, RoomEvent, Shield, UnreadableCause } from '../events.ts';
import type { JsonObject } from '../json.ts';

/** What the crypto machine is fed with after a sync, as the server wrote it. */
export interface CryptoChange {
  readonly toDevice: readonly JsonObject[];
  readonly changedUsers: readonly string[];
  readonly leftUsers: readonly string[];
  readonly oneTimeKeyCounts: ReadonlyMap<string, number>;
  readonly unusedFallbackKeys?: readonly string[];
}

export interface Decrypted {
  readonly clear?: ClearContent;
  readonly shield?: Shield;
  readonly unreadable?: UnreadableCause;
}

export interface EncryptRequest {
  readonly roomId: string;
  readonly type: string;
  readonly content: JsonObject;
  /** Everybody who may read it: joined members, and invited ones where the history is shared. */
  readonly memberIds: readonly string[];
  readonly historyVisibility: string;
}

export type BackupState = 'none' | 'locked' | 'on';

/** Where the account stands: what is set up, and what this device still lacks. */
export interface SecurityState {
  readonly ready: boolean;
  readonly crossSigningExists: boolean;
  readonly deviceVerified: boolean;
  readonly recoveryExists: boolean;
  readonly backup: BackupState;
}

/** What is known before the crypto is there. */
export const NOT_READY: SecurityState = {
  ready: false,
  crossSigningExists: false,
  deviceVerified: false,
  recoveryExists: false,
  backup: 'none',
};

export type VerificationPhase = 'requested' | 'waiting' | 'compare' | 'confirmed' | 'done' | 'cancelled';

/** A running verification, as plain data. */
export interface Verification {
  readonly flowId: string;
  readonly userId: string;
  readonly deviceId?: string;
  readonly isSelf: boolean;
  readonly weStarted: boolean;
  readonly phase: VerificationPhase;
  readonly emojis: readonly { readonly symbol: string; readonly description: string; readonly index: number }[];
  readonly cancelledByUs?: boolean;
  readonly cancelCode?: string;
}

export interface OwnDevice {
  readonly deviceId: string;
  readonly displayName?: string;
  readonly lastSeenMs?: number;
  readonly isCurrent: boolean;
  readonly isVerified: boolean;
  readonly supportsEncryption: boolean;
  readonly fingerprint?: string;
}

/** How a stage of user-interactive authentication is answered. */
export type Authenticate = (session: string | undefined) => JsonObject | undefined;

export interface CryptoFace {
  receiveSync(change: CryptoChange, options: { sliding: boolean }): Promise<void>;
  /** What is known of devices may be old: ask for all of them again when they are needed. */
  forgetDeviceLists(): Promise<void>;
  decrypt(event: RoomEvent, roomId: string): Promise<Decrypted>;
  /** `undefined` while a reader's identity is not the one that was verified: the user has to decide first. */
  encrypt(request: EncryptRequest): Promise<ClearContent | undefined>;
  /** Those who were verified and show another identity now. */
  listChangedIdentities(userIds: readonly string[]): Promise<string[]>;
  acceptIdentity(userId: string): Promise<void>;
  /** Notes that a room is encrypted, for ever; from now on its members' devices are followed. */
  followRoom(roomId: string, memberIds: readonly string[]): Promise<void>;
  /** Sends what the machine wants to send: keys, queries, secrets, backup. */
  flush(): Promise<void>;
  securityState(): Promise<SecurityState>;
  /** Makes cross-signing, secret storage and backup where the account has none; gives the recovery key. */
  setUpRecovery(authenticate: Authenticate): Promise<string | undefined>;
  /** Throws the old recovery key and backup away and makes new ones. */
  resetRecovery(authenticate: Authenticate): Promise<string>;
  /** Opens secret storage with a recovery key; false when the key is not the right one. */
  unlock(recoveryKey: string): Promise<boolean>;
  /** Fetches the keys of one room from the backup; the number of new keys. */
  restoreRoom(roomId: string): Promise<number>;
  listDevices(): Promise<OwnDevice[]>;
  isUserVerified(userId: string): Promise<boolean>;
  startVerification(target: { userId: string; deviceId?: string; roomId?: string }): Promise<string>;
  acceptVerification(userId: string, flowId: string): Promise<void>;
  confirmVerification(userId: string, flowId: string): Promise<void>;
  cancelVerification(userId: string, flowId: string): Promise<void>;
  /** Takes an in-room verification event that arrived decrypted. */
  receiveRoomVerification(event: RoomEvent, roomId: string): Promise<void>;
  close(): void;
}

/** What the machine tells the engine. */
export interface CryptoListener {
  /** Keys of these sessions arrived: their events can be read now. */
  onRoomKeys(sessions: readonly { readonly roomId: string; readonly sessionId: string }[]): void;
  onVerification(verification: Verification): void;
  onSecurityChanged(): void;
  /** Devices or identities of people changed: what is known of their messages may have, too. */
  onPeopleChanged(): void;
}

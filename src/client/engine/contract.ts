/** The engine's one face: what a page may ask of it and what it may watch. Everything is plain data. */
import type { Route, RouteZone } from '../../matrix/routes/route.ts';
import type { FailureKind } from '../routes/failures.ts';
import type { OwnDevice, SecurityState, Verification } from '../crypto/face.ts';
import type { Membership } from '../store/records.ts';
import type { Connection } from '../sync/loop.ts';
import type { Preview } from '../timeline/body.ts';
import type { MediaSource } from '../timeline/media.ts';
import type { TimelineWindow } from '../timeline/room-timeline.ts';

export interface SessionState {
  readonly status: 'loading' | 'signed-out' | 'signed-in';
  readonly userId?: string;
  readonly deviceId?: string;
  readonly displayName?: string;
  readonly avatarUrl?: string;
  /** The server no longer knows this device: it was signed out from elsewhere. */
  readonly wasSignedOut?: boolean;
}

export interface ConnectionState {
  readonly connection: Connection;
  readonly isCurrent: boolean;
  readonly waitingCount: number;
  readonly cryptoReady: boolean;
}

export interface RoomSummary {
  readonly roomId: string;
  readonly membership: Membership;
  readonly name?: string;
  /** Names of the other members, where the room has no name of its own. */
  readonly heroNames: readonly string[];
  readonly directUserId?: string;
  readonly topic?: string;
  readonly avatarUrl?: string;
  readonly isDirect: boolean;
  readonly isEncrypted: boolean;
  readonly memberCount: number;
  readonly unreadCount: number;
  readonly highlightCount: number;
  readonly isMarkedUnread: boolean;
  readonly isFavourite: boolean;
  readonly isMuted: boolean;
  readonly inviter?: string;
  readonly inviterName?: string;
  readonly lastEvent?: {
    readonly sender: string;
    readonly senderName: string;
    readonly timestampMs: number;
    readonly preview: Preview;
  };
}

export interface Member {
  readonly userId: string;
  readonly name: string;
  readonly avatarUrl?: string;
  readonly membership: Membership;
  readonly powerLevel: number;
}

export interface RoomDetails {
  readonly roomId: string;
  readonly members: readonly Member[];
  readonly membersLoaded: boolean;
  readonly typingUserIds: readonly string[];
  /** Verified people whose identity is another one now: nothing is sent until the user has decided. */
  readonly changedUserIds: readonly string[];
  readonly ownPowerLevel: number;
  readonly canInvite: boolean;
  readonly canRemove: boolean;
  readonly canRename: boolean;
  readonly canRedact: boolean;
}

export interface SecurityFeed extends SecurityState {
  /** A recovery key was made and its owner has not said yet that it is kept. */
  readonly recoveryKeyUnsaved: boolean;
}

/** One route, for the panel. */
export interface RouteState {
  readonly name: string;
  readonly kind: Route['kind'];
  readonly zone?: RouteZone;
  readonly isCurrent: boolean;
  readonly state: 'good' | 'untried' | 'failing';
  readonly rttMs?: number;
  readonly failure?: FailureKind;
}

/** What an invite is for. */
export interface InvitePreview {
  readonly serverName: string;
  readonly token: string;
  readonly isExpired: boolean;
  readonly inviter?: string;
  readonly roomId?: string;
}

export interface Topics {
  readonly session: { readonly argument: undefined; readonly value: SessionState };
  readonly connection: { readonly argument: undefined; readonly value: ConnectionState };
  readonly routes: { readonly argument: undefined; readonly value: readonly RouteState[] };
  readonly rooms: { readonly argument: undefined; readonly value: readonly RoomSummary[] };
  readonly security: { readonly argument: undefined; readonly value: SecurityFeed };
  readonly verification: { readonly argument: undefined; readonly value: Verification | null };
  readonly timeline: { readonly argument: string; readonly value: TimelineWindow };
  readonly room: { readonly argument: string; readonly value: RoomDetails };
}

export type TopicName = keyof Topics;

export interface FileToSend {
  readonly roomId: string;
  readonly kind: 'image' | 'video' | 'audio' | 'file';
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly caption?: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  readonly blurhash?: string;
  readonly thumbnail?: {
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly mimeType: string;
    readonly width: number;
    readonly height: number;
  };
  readonly replyTo?: string;
}

export interface TextToSend {
  readonly roomId: string;
  readonly text: string;
  readonly html?: string;
  readonly mentions: readonly string[];
  readonly style?: 'text' | 'emote';
  readonly replyTo?: string;
  /** The event this text replaces. */
  readonly edits?: string;
}

export interface FoundUser {
  readonly userId: string;
  readonly name?: string;
  readonly avatarUrl?: string;
}

export interface SignInRequest {
  readonly user: string;
  readonly password: string;
  readonly deviceName: string;
}

export interface RegisterRequest {
  readonly userName: string;
  readonly password: string;
  readonly displayName: string;
  readonly token?: string;
  readonly deviceName: string;
}

export interface Commands {
  signIn(request: SignInRequest): Promise<void>;
  register(request: RegisterRequest): Promise<void>;
  /** Takes the routes of an invite (a link, or its text), and says what it is for. */
  openInvite(text: string): Promise<InvitePreview>;
  /** Asks every route whether it is there. */
  testRoutes(): Promise<void>;
  /** A free user name like the one given. */
  suggestUserName(wish: string): Promise<string>;
  isUserNameFree(userName: string): Promise<boolean>;
  isTokenValid(token: string): Promise<boolean>;
  signOut(): Promise<void>;
  setDisplayName(name: string): Promise<void>;
  searchUsers(term: string): Promise<readonly FoundUser[]>;
  createDirect(userId: string): Promise<string>;
  createGroup(request: { name: string; userIds: readonly string[] }): Promise<string>;
  joinRoom(roomIdOrAlias: string): Promise<string>;
  leaveRoom(roomId: string): Promise<void>;
  inviteUser(roomId: string, userId: string): Promise<void>;
  removeMember(roomId: string, userId: string): Promise<void>;
  renameRoom(roomId: string, name: string): Promise<void>;
  loadMembers(roomId: string): Promise<void>;
  loadOlder(roomId: string): Promise<void>;
  fetchReplyTarget(roomId: string, eventId: string): Promise<void>;
  sendText(request: TextToSend): Promise<void>;
  sendFile(request: FileToSend): Promise<void>;
  react(roomId: string, eventId: string, key: string): Promise<void>;
  redact(roomId: string, eventId: string): Promise<void>;
  retrySending(transactionId: string): Promise<void>;
  discardMessage(transactionId: string): Promise<void>;
  markRead(roomId: string): Promise<void>;
  setTyping(roomId: string, isTyping: boolean): Promise<void>;
  setFavourite(roomId: string, isFavourite: boolean): Promise<void>;
  readMedia(source: MediaSource): Promise<Uint8Array<ArrayBuffer>>;
  readThumbnail(uri: string, sidePixels: number): Promise<Uint8Array<ArrayBuffer>>;
  listDevices(): Promise<readonly OwnDevice[]>;
  removeDevice(deviceId: string, password: string): Promise<void>;
  unlock(recoveryKey: string): Promise<boolean>;
  showRecoveryKey(): Promise<string | null>;
  confirmRecoveryKeySaved(): Promise<void>;
  resetRecovery(password: string): Promise<void>;
  startVerification(target: { userId: string; deviceId?: string }): Promise<string>;
  acceptVerification(userId: string, flowId: string): Promise<void>;
  confirmVerification(userId: string, flowId: string): Promise<void>;
  cancelVerification(userId: string, flowId: string): Promise<void>;
  isUserVerified(userId: string): Promise<boolean>;
  /** Goes on with a person whose identity has changed, as with somebody who was never verified. */
  acceptIdentity(userId: string): Promise<void>;
  /** The network is back, or the page is in front again. */
  wake(): Promise<void>;
}

export interface Engine {
  readonly commands: Commands;
  /** Calls `listener` with the value now and after each change, until the returned function is called. */
  watch<T extends TopicName>(
    topic: T,
    argument: Topics[T]['argument'],
    listener: (value: Topics[T]['value']) => void,
  ): () => void;
}

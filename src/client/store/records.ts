/** What each table of the client's database holds. Keys are arrays: `docs/data-model.md` names them. */
import type { RoomEvent, StateEvent } from '../events.ts';
import type { JsonObject } from '../json.ts';

/** An event at its place in a fragment; the decrypted content is sealed. */
export interface EventRecord extends Omit<RoomEvent, 'clear'> {
  readonly sealed?: Uint8Array;
}

/**
 * A run of events without holes. Fragments of a room are linked backwards: `previous` when nothing is
 * missing between the two, else `backToken` asks the server for what is.
 */
export interface FragmentRecord {
  readonly first: number;
  readonly last: number;
  readonly backToken?: string;
  readonly previous?: number;
}

export interface Hero {
  readonly userId: string;
  readonly displayName?: string;
  readonly avatarUrl?: string;
}

export type Membership = 'join' | 'invite' | 'knock' | 'leave' | 'ban';

export interface RoomRecord {
  readonly roomId: string;
  readonly membership: Membership;
  readonly name?: string;
  readonly topic?: string;
  readonly avatarUrl?: string;
  readonly heroes: readonly Hero[];
  readonly isDirect: boolean;
  /** Set once and never taken back, whatever state the server shows later. */
  readonly isEncrypted: boolean;
  readonly joinedCount: number;
  readonly invitedCount: number;
  readonly bumpStamp: number;
  readonly unreadCount: number;
  readonly highlightCount: number;
  readonly isMarkedUnread: boolean;
  readonly isFavourite: boolean;
  readonly isMuted: boolean;
  readonly liveFragment?: number;
  readonly inviter?: string;
  readonly lastEvent?: LastEvent;
  /** The members are all known: shown lists are complete and keys can be shared. */
  readonly membersLoaded: boolean;
  readonly historyVisibility?: string;
}

export interface LastEvent {
  readonly eventId: string;
  readonly sender: string;
  readonly timestampMs: number;
  readonly sealed: Uint8Array;
}

export interface ReceiptRecord {
  readonly eventId: string;
  readonly timestampMs: number;
}

export type OutboxState = 'composed' | 'encrypted' | 'failed' | 'sent';

/** One message on its way out; the transaction id is made when the user presses Enter. */
export interface OutboxRecord {
  readonly id: number;
  readonly roomId: string;
  readonly transactionId: string;
  readonly createdAtMs: number;
  readonly state: OutboxState;
  readonly kind: 'event' | 'redaction';
  readonly type: string;
  /** Sealed clear content; for a redaction `{ "reason": … }`. */
  readonly sealed: Uint8Array;
  readonly redacts?: string;
  /** What is repeated unchanged on every attempt, once it has been made. */
  readonly wire?: { readonly type: string; readonly content: JsonObject };
  readonly uploads?: readonly UploadRecord[];
  readonly eventId?: string;
  readonly error?: string;
}

/** A file that must be uploaded before its message can go: its `mxc` goes to `field` of the content. */
export interface UploadRecord {
  readonly blobId: string;
  readonly field: 'file' | 'thumbnail';
  readonly contentType: string;
  readonly name: string;
  readonly uri?: string;
}

export interface Rows {
  meta: unknown;
  rooms: RoomRecord;
  state: StateEvent;
  events: EventRecord;
  eventIndex: { readonly fragment: number; readonly position: number };
  fragments: FragmentRecord;
  relations: { readonly sender: string };
  receipts: ReceiptRecord;
  accountData: JsonObject;
  undecrypted: { readonly sessionId: string };
  outbox: OutboxRecord;
  blobs: Uint8Array<ArrayBuffer>;
}

export type TableName = keyof Rows;

export const TABLE_NAMES = [
  'meta',
  'rooms',
  'state',
  'events',
  'eventIndex',
  'fragments',
  'relations',
  'receipts',
  'accountData',
  'undecrypted',
  'outbox',
  'blobs',
] as const satisfies readonly TableName[];

/** What one answer of the server changes, in one shape for sliding sync and `/sync` v3. */
import type { CryptoChange } from '../crypto/face.ts';
import type { RoomEvent, StateEvent } from '../events.ts';
import type { JsonObject } from '../json.ts';
import type { Hero, Membership } from '../store/records.ts';

/** Absent = unchanged; null = taken away. */
export interface RoomSummaryChange {
  readonly name?: string | null;
  readonly avatarUrl?: string | null;
  readonly heroes?: readonly Hero[];
  readonly isDirect?: boolean;
  readonly joinedCount?: number;
  readonly invitedCount?: number;
  readonly bumpStamp?: number;
  readonly notificationCount?: number;
  readonly highlightCount?: number;
}

export interface RoomChange {
  readonly roomId: string;
  readonly membership?: Membership;
  /** The server sends the room anew: what it does not name is not set. */
  readonly initial: boolean;
  readonly timeline: readonly RoomEvent[];
  /** How many events at the end of `timeline` have just happened. */
  readonly liveCount: number;
  readonly limited: boolean;
  readonly prevBatch?: string;
  readonly state: readonly StateEvent[];
  readonly removedState: readonly { readonly type: string; readonly stateKey: string }[];
  readonly summary: RoomSummaryChange;
}

export interface ReceiptChange {
  readonly roomId: string;
  readonly userId: string;
  readonly eventId: string;
  readonly timestampMs: number;
}

export interface SyncChanges {
  /** Where the next request continues. */
  readonly position: string;
  readonly rooms: readonly RoomChange[];
  readonly accountData: readonly { readonly type: string; readonly content: JsonObject; readonly roomId?: string }[];
  readonly receipts: readonly ReceiptChange[];
  readonly typing: readonly { readonly roomId: string; readonly userIds: readonly string[] }[];
  readonly crypto?: CryptoChange;
  /** Position of the to-device stream, where it is one of its own. */
  readonly toDevicePosition?: string;
  /** Device lists changed, perhaps, while no crypto was there to hear of it. */
  readonly missedDeviceLists?: boolean;
  /** How many rooms the account has, where the server tells. */
  readonly roomCount?: number;
}

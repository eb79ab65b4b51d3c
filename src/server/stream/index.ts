/**
 * The event stream inside the process: news of what has been committed, in commit order.
 * Lower services publish, higher ones (sync, push) listen; so no service needs one above it.
 */
import type { DeviceId, EventId, ServerName, UserId } from '../../matrix/ids.ts';
import type { EventNumber, Membership, RoomNumber, StreamPosition } from '../../ports/store/index.ts';

/** A user's membership has changed. */
export interface MemberNews {
  readonly user: UserId;
  readonly membership: Membership;
  readonly before: Membership | undefined;
  /** Whoever sent the member event. */
  readonly by: UserId;
}

export type Change =
  | {
      readonly kind: 'event';
      readonly position: StreamPosition;
      readonly room: RoomNumber;
      readonly event: EventNumber;
      /** Set when it rewrote another event. */
      readonly redaction?: true;
      /** Local users whose membership it changed: usually one, more where states were merged. */
      readonly members?: readonly MemberNews[];
      /** Likewise users of other servers; not told of a room that was just entered. */
      readonly others?: readonly MemberNews[];
    }
  /** The current state of a room has been replaced, without an event: the whole of it is known now. */
  | {
      readonly kind: 'state';
      readonly position: StreamPosition;
      readonly room: RoomNumber;
      readonly members: readonly MemberNews[];
      /** Servers of which nobody knew that they are in the room. */
      readonly servers: readonly ServerName[];
    }
  | {
      readonly kind: 'account-data';
      readonly position: StreamPosition;
      readonly user: UserId;
      readonly room?: RoomNumber;
    }
  | {
      readonly kind: 'receipt';
      readonly position: StreamPosition;
      readonly room: RoomNumber;
      readonly user: UserId;
      readonly event: EventId;
      readonly sentAt: number;
      readonly thread: string | undefined;
      readonly hidden: boolean;
    }
  | { readonly kind: 'to-device'; readonly position: StreamPosition; readonly user: UserId; readonly device: DeviceId }
  /** A device of `user` changed, or where none is named, the identity (of users of other servers: anything). */
  | {
      readonly kind: 'device-list';
      readonly position: StreamPosition;
      readonly user: UserId;
      readonly device?: DeviceId | undefined;
    }
  /** The user has signed keys of others: the user's own devices see them differently now. */
  | { readonly kind: 'key-signature'; readonly position: StreamPosition; readonly user: UserId }
  | { readonly kind: 'one-time-keys'; readonly user: UserId; readonly device: DeviceId }
  /** A message that must not be lost waits for another server. */
  | { readonly kind: 'outbound-edu'; readonly server: ServerName }
  | { readonly kind: 'typing'; readonly room: RoomNumber }
  | { readonly kind: 'presence'; readonly user: UserId }
  /** The user wants to hear no more of a room that they have left. */
  | { readonly kind: 'forgotten'; readonly user: UserId; readonly room: RoomNumber }
  /** A room is gone, and those who had been in it have no place in it any more. */
  | { readonly kind: 'purged'; readonly room: RoomNumber; readonly users: readonly UserId[] }
  /** The device's session ended: what waits for it should stop waiting. */
  | { readonly kind: 'session-ended'; readonly user: UserId; readonly device: DeviceId };

export type Listener = (change: Change) => void;

export class Stream {
  readonly #listeners: Listener[] = [];

  /** Calls `listener` for every change from now on, in order. Listeners must not throw and must not wait. */
  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  publish(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

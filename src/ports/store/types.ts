/** Numbers by which the store names things; each is assigned once and never reused. */
declare const brand: unique symbol;
type Numbered<Name extends string> = number & { readonly [brand]: Name };

/** The one position of every durable stream: grows by one a transaction, never goes back. */
export type StreamPosition = Numbered<'StreamPosition'>;
export type RoomNumber = Numbered<'RoomNumber'>;
export type EventNumber = Numbered<'EventNumber'>;
export type LineNumber = Numbered<'LineNumber'>;

/** A state of a room: everything on `line` up to and including `position` (PERFORMANCE: lines and log). */
export interface StateReference {
  readonly line: LineNumber;
  readonly position: number;
}

/** The key of one entry of a room's state. */
export interface StatePair {
  readonly type: string;
  readonly stateKey: string;
}

export interface StateEntry extends StatePair {
  readonly event: EventNumber;
}

export type Membership = 'join' | 'invite' | 'leave' | 'ban' | 'knock';

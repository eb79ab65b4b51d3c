/** What the rules say about an event. A "no" is data, never an exception: the service decides what to store. */

export interface Accept {
  readonly accept: true;
}

/** The event is no valid event: forget it. */
export interface Drop {
  readonly accept: false;
  readonly action: 'drop';
  readonly why: string;
}

/** The event is kept but has no effect. `rule` names the sentence of the room version that forbids it. */
export interface Reject {
  readonly accept: false;
  readonly action: 'reject';
  readonly rule: string;
  readonly why: string;
}

export type FormatVerdict = Accept | Drop;
export type AuthVerdict = Accept | Reject;

export const ACCEPT: Accept = Object.freeze({ accept: true });

/** A verdict that drops. */
export function drop(why: string): Drop {
  return { accept: false, action: 'drop', why };
}

/** A verdict that rejects by the named rule. */
export function reject(rule: string, why: string): Reject {
  return { accept: false, action: 'reject', rule, why };
}

/** Accepts when `condition` holds, else rejects by the named rule. */
export function acceptIf(condition: boolean, rule: string, why: string): AuthVerdict {
  return condition ? ACCEPT : reject(rule, why);
}

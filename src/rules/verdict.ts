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

/** The event is kept and may be cited, but is neither shown nor built upon. */
export interface SoftFail {
  readonly accept: false;
  readonly action: 'soft fail';
  readonly why: string;
}

export type FormatVerdict = Accept | Drop;
export type AuthVerdict = Accept | Reject;
export type Verdict = Accept | Drop | Reject | SoftFail;

export const ACCEPT: Accept = Object.freeze({ accept: true });

/** A verdict that drops. */
export function drop(why: string): Drop {
  return { accept: false, action: 'drop', why };
}

/** A verdict that rejects by the named rule. */
export function reject(rule: string, why: string): Reject {
  return { accept: false, action: 'reject', rule, why };
}

/** Turns a rejection by the current state of the room into what that check calls for. */
export function softFail(verdict: Reject): SoftFail {
  return { accept: false, action: 'soft fail', why: `${verdict.rule}: ${verdict.why}` };
}

/** Accepts when `condition` holds, else rejects by the named rule. */
export function acceptIf(condition: boolean, rule: string, why: string): AuthVerdict {
  return condition ? ACCEPT : reject(rule, why);
}

/** What goes wrong with an authority. */
import { OperationError } from '../../matrix/errors.ts';

/** The authority understood, and says no. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** The last part of `urn:ietf:params:acme:error:…`; empty for what is none. */
  readonly type: string;
  readonly retryAfterMs: number | undefined;

  constructor(why: string, options: { readonly type?: string; readonly retryAfterMs?: number | undefined } = {}) {
    super(why);
    this.type = options.type ?? '';
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** It answers something that RFC 8555 does not know. */
export function badAnswer(what: string, cause?: unknown): OperationError {
  return new OperationError('bad answer', { temporary: false, cause: new Error(what, { cause }) });
}

/** What goes wrong on the way, in the words of the port. */
import { OperationError } from '../../matrix/errors.ts';
import type { HttpFailure } from '../../ports/http.ts';

/** What a later attempt does not change unless the owner or the other side changes something. */
const LASTING: ReadonlySet<HttpFailure> = new Set<HttpFailure>(['address denied', 'answer too large', 'bad answer']);

export function failure(kind: HttpFailure, cause?: unknown): OperationError {
  return new OperationError(kind, { temporary: !LASTING.has(kind), ...(cause !== undefined && { cause }) });
}

/** An error of a library or of the system as one of ours; those that are ours already stay. */
export function asFailure(error: unknown, otherwise: HttpFailure): OperationError {
  return error instanceof OperationError ? error : failure(otherwise, error);
}

import { OperationError } from '../matrix/errors.ts';
import { ConflictError } from '../ports/store/index.ts';

/** Why a transaction failed, as a writer tells it across a thread. */
export type FailureKind =
  | 'conflict'
  | 'disk-full'
  | 'disk-failed'
  | 'database-corrupt'
  | 'database-failed'
  | 'database-unreachable'
  | 'bug';

/** The error for the caller of `transact`. */
export function failureOf(kind: FailureKind, message: string): Error {
  switch (kind) {
    case 'conflict':
      return new ConflictError(message);
    case 'disk-full':
    case 'disk-failed':
    case 'database-unreachable':
      return new OperationError(kind, { temporary: true, cause: new Error(message) });
    case 'database-corrupt':
    case 'database-failed':
      return new OperationError(kind, { temporary: false, cause: new Error(message) });
    case 'bug':
      return new Error(message);
  }
}

/** Whether `text` names a kind of failure. */
export function isFailureKind(text: unknown): text is FailureKind {
  return (
    text === 'conflict' ||
    text === 'disk-full' ||
    text === 'disk-failed' ||
    text === 'database-corrupt' ||
    text === 'database-failed' ||
    text === 'database-unreachable' ||
    text === 'bug'
  );
}

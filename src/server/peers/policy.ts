/** With which servers this one talks at all. */
import { MatrixError, OperationError } from '../../matrix/errors.ts';
import type { ServerName } from '../../matrix/ids.ts';

export class FederationPolicy {
  readonly isEnabled: boolean;
  readonly #allowed: ReadonlySet<string> | undefined;

  /** `federation.enabled` and `federation.allow`. */
  constructor(isEnabled: boolean, allow: readonly string[] | null) {
    this.isEnabled = isEnabled;
    this.#allowed = allow === null ? undefined : new Set(allow);
  }

  allows(server: ServerName): boolean {
    return this.isEnabled && (this.#allowed === undefined || this.#allowed.has(server));
  }

  /** Throws an {@link OperationError} unless `server` may be asked. */
  requireOutbound(server: ServerName): void {
    if (!this.allows(server)) throw new OperationError('not allowed', { temporary: false, server });
  }

  /** Throws `M_FORBIDDEN` unless `server` may ask us. */
  requireInbound(server: ServerName): void {
    if (!this.isEnabled) throw new MatrixError('M_FORBIDDEN', 'This server does not talk with other servers');
    if (!this.allows(server)) throw new MatrixError('M_FORBIDDEN', 'This server does not talk with yours');
  }
}

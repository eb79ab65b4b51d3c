/** People whose identity is no longer the one that the user has verified. */
import { OwnUserIdentity, UserId, type OtherUserIdentity } from '@matrix-org/matrix-sdk-crypto-wasm';
import type { CryptoContext } from './context.ts';

export class Identities {
  readonly #context: CryptoContext;
  /** What was found the last time; forgotten when the machine hears something new of the person. */
  readonly #changed = new Map<string, boolean>();

  constructor(context: CryptoContext) {
    this.#context = context;
  }

  async #find(userId: string): Promise<OtherUserIdentity | undefined> {
    const identity = await this.#context.machine.getIdentity(new UserId(userId));
    return identity instanceof OwnUserIdentity ? undefined : identity;
  }

  forget(userId: string): void {
    this.#changed.delete(userId);
  }

  /** Those among `userIds` who were verified and show another identity now. */
  async listChanged(userIds: readonly string[]): Promise<string[]> {
    const changed: string[] = [];
    for (const userId of userIds) {
      const isChanged = this.#changed.get(userId) ?? (await this.#find(userId))?.hasVerificationViolation() ?? false;
      this.#changed.set(userId, isChanged);
      if (isChanged) changed.push(userId);
    }
    return changed;
  }

  /** The user has shown that the account's own new identity is theirs: the one before binds no more. */
  async acceptOwn(): Promise<void> {
    const identity = await this.#context.machine.getIdentity(new UserId(this.#context.userId));
    if (identity?.hasVerificationViolation() === true) await identity.withdrawVerification();
  }

  /**
   * The user has started afresh: what was verified with the old keys is not verified any more. Nobody else's
   * identity has changed by that, so nobody is to be asked about.
   */
  async forgetVerifications(): Promise<void> {
    await this.acceptOwn();
    for (const userId of await this.#context.machine.trackedUsers()) {
      const identity = await this.#find(userId.toString());
      if (identity?.hasVerificationViolation() === true) await identity.withdrawVerification();
      this.forget(userId.toString());
    }
  }

  /** The user takes the new identity as it is: it counts as one that was never verified. */
  async accept(userId: string): Promise<void> {
    const identity = await this.#find(userId);
    await identity?.withdrawVerification();
    await identity?.pinCurrentMasterKey();
    this.forget(userId);
  }
}

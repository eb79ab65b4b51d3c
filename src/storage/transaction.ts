import type { StreamPosition, Transaction } from '../ports/store/index.ts';
import { AccountStatements } from './queries/account-writes.ts';
import { EventStatements } from './queries/event-writes.ts';
import { FederationStatements } from './queries/federation-writes.ts';
import { KeyStatements } from './queries/key-writes.ts';
import { MediaStatements } from './queries/media.ts';
import { PurgeStatements } from './queries/purge.ts';
import { RoomStatements } from './queries/room-writes.ts';
import type { StateKeys } from './queries/state-keys.ts';
import { SyncStatements, UserDataStatements } from './queries/user-data.ts';
import type { WriteUnit } from './write-unit.ts';

/** What a plan is handed: every write method over one unit. */
export class StoreTransaction implements Transaction {
  readonly events: EventStatements;
  readonly rooms: RoomStatements;
  readonly accounts: AccountStatements;
  readonly userData: UserDataStatements;
  readonly keys: KeyStatements;
  readonly media: MediaStatements;
  readonly federation: FederationStatements;
  readonly sync: SyncStatements;
  readonly purge: PurgeStatements;
  readonly hooks: (() => void)[] = [];
  readonly failureHooks: ((error: Error) => void)[] = [];
  readonly #unit: WriteUnit;
  readonly #nextPosition: () => StreamPosition;
  #position: StreamPosition;

  constructor(unit: WriteUnit, nextPosition: () => StreamPosition, stateKeys: StateKeys) {
    this.#unit = unit;
    this.#nextPosition = nextPosition;
    this.#position = nextPosition();
    this.events = new EventStatements(unit, stateKeys);
    this.rooms = new RoomStatements(unit, stateKeys, this);
    this.accounts = new AccountStatements(unit);
    this.userData = new UserDataStatements(unit, this);
    this.keys = new KeyStatements(unit, this);
    this.media = new MediaStatements(unit);
    this.federation = new FederationStatements(unit, this);
    this.sync = new SyncStatements(unit);
    this.purge = new PurgeStatements(unit);
  }

  get position(): StreamPosition {
    return this.#position;
  }

  advance(): StreamPosition {
    this.#position = this.#nextPosition();
    return this.#position;
  }

  onCommit(hook: () => void): void {
    this.hooks.push(hook);
  }

  onFailure(hook: (error: Error) => void): void {
    this.failureHooks.push(hook);
  }

  dependOn(check: () => Error | undefined): void {
    this.#unit.dependOn(check);
  }
}

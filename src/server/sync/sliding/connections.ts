/** The connections of all devices: in memory, and written now and then so that they survive a restart. */
import { LRUCache } from 'lru-cache';
import type { DeviceId, UserId } from '../../../matrix/ids.ts';
import { MatrixError } from '../../../matrix/errors.ts';
import type { Context } from '../../context.ts';
import { Connection } from './connection.ts';

interface Owner {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly connection: string;
}

const CONNECTIONS_MAX = 20_000;
/** How often changed connections are written: what a crash loses costs the client one fresh start. */
const PERSIST_MS = 60_000;

export class Connections {
  readonly #context: Context;
  readonly #open = new LRUCache<string, { owner: Owner; connection: Connection }>({ max: CONNECTIONS_MAX });

  constructor(context: Context) {
    this.#context = context;
    context.stream.listen((change) => {
      if (change.kind === 'session-ended') this.#forget(change.user, change.device);
    });
    this.#schedule();
  }

  /** A fresh connection in the place of whatever was there, or the one that `pos` continues. */
  async open(owner: Owner, pos: string | undefined): Promise<Connection> {
    const key = keyOf(owner);
    if (pos === undefined) {
      this.#open.get(key)?.connection.begin();
      const connection = new Connection();
      this.#open.set(key, { owner, connection });
      return connection;
    }
    const connection = this.#open.get(key)?.connection ?? (await this.#load(owner));
    connection.resume(pos);
    return connection;
  }

  async #load(owner: Owner): Promise<Connection> {
    const [row] = await this.#context.store.sync.findConnection(owner.user, owner.device, owner.connection);
    if (row === undefined)
      throw new MatrixError('M_UNKNOWN_POS', 'The connection has expired: begin again without pos');
    const connection = Connection.fromJSON(JSON.parse(row.state));
    this.#open.set(keyOf(owner), { owner, connection });
    return connection;
  }

  #forget(user: UserId, device: DeviceId): void {
    for (const [key, { owner }] of this.#open.entries()) {
      if (owner.user === user && owner.device === device) this.#open.delete(key);
    }
  }

  #schedule(): void {
    this.#context.clock.schedule(PERSIST_MS, () => {
      this.persist()
        .catch((error: unknown) => this.#context.log.error('connections were not written', error))
        .finally(() => this.#schedule());
    });
  }

  /** Writes what changed since the last time. */
  async persist(): Promise<void> {
    const changed = [...this.#open.values()].filter(({ connection }) => connection.isChanged);
    if (changed.length === 0) return;
    await this.#context.store.transact((one) => {
      for (const { owner, connection } of changed) {
        const state = connection.toJSON() as { pos: string } | undefined;
        if (state === undefined) continue;
        one.sync.putConnection({ ...owner, pos: state.pos, state: JSON.stringify(state) }, undefined);
        connection.isChanged = false;
      }
    });
  }
}

function keyOf({ user, device, connection }: Owner): string {
  return JSON.stringify([user, device, connection]);
}

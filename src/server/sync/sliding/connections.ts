/** The connections of all devices: in memory, and written now and then so that they survive a restart. */
import { boundedMap } from '../../bounded-map.ts';
import type { DeviceId, UserId } from '../../../matrix/ids.ts';
import { MatrixError } from '../../../matrix/errors.ts';
import type { Timer } from '../../../ports/clock.ts';
import type { Context } from '../../context.ts';
import { Connection } from './connection.ts';

interface Owner {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly connection: string;
}

/** What one device holds. */
interface Holding {
  readonly user: UserId;
  readonly device: DeviceId;
  /** By the connection's name, the one used last at the end. */
  readonly connections: Map<string, Connection>;
  /** Whether a connection was forgotten that may have a row. */
  isCrowded: boolean;
}

const DEVICES_MAX = 20_000;
/** What one device may hold: a client needs one or two, and each remembers every room that it was told of. */
const CONNECTIONS_PER_DEVICE_MAX = 8;
/** How often changed connections are written: what a crash loses costs the client one fresh start. */
const PERSIST_MS = 60_000;

export class Connections {
  readonly #context: Context;
  readonly #devices = boundedMap<string, Holding>(DEVICES_MAX);
  #timer: Timer | undefined;

  constructor(context: Context) {
    this.#context = context;
    context.stream.listen((change) => {
      if (change.kind === 'session-ended') this.#devices.delete(deviceKey(change));
    });
    this.#schedule();
  }

  /** A fresh connection in the place of whatever was there, or the one that `pos` continues. */
  async open(owner: Owner, pos: string | undefined): Promise<Connection> {
    const held = this.#holding(owner).connections.get(owner.connection);
    if (pos === undefined) {
      held?.begin();
      return this.#hold(owner, new Connection());
    }
    const connection = this.#hold(owner, held ?? (await this.#load(owner)));
    connection.resume(pos);
    return connection;
  }

  #holding({ user, device }: Owner): Holding {
    const key = deviceKey({ user, device });
    const found = this.#devices.get(key);
    if (found !== undefined) return found;
    const fresh: Holding = { user, device, connections: new Map(), isCrowded: false };
    this.#devices.set(key, fresh);
    return fresh;
  }

  /** Keeps it as the one used last, and forgets the one used least lately where there are too many. */
  #hold(owner: Owner, connection: Connection): Connection {
    const holding = this.#holding(owner);
    holding.connections.delete(owner.connection);
    holding.connections.set(owner.connection, connection);
    for (const [name, one] of holding.connections) {
      if (holding.connections.size <= CONNECTIONS_PER_DEVICE_MAX) break;
      one.begin();
      holding.connections.delete(name);
      holding.isCrowded = true;
    }
    return connection;
  }

  async #load(owner: Owner): Promise<Connection> {
    const [row] = await this.#context.store.sync.findConnection(owner.user, owner.device, owner.connection);
    if (row === undefined)
      throw new MatrixError('M_UNKNOWN_POS', 'The connection has expired: begin again without pos');
    return Connection.fromJSON(JSON.parse(row.state));
  }

  #schedule(): void {
    this.#timer = this.#context.clock.schedule(PERSIST_MS, () => {
      this.persist()
        .catch((error: unknown) => this.#context.log.error('connections were not written', error))
        .finally(() => {
          if (this.#timer !== undefined) this.#schedule();
        });
    });
  }

  /** Writes what changed since the last time. */
  async persist(): Promise<void> {
    const crowded = [...this.#devices.values()].filter((one) => one.isCrowded);
    const changed = [...this.#devices.values()].flatMap(({ user, device, connections, isCrowded }) =>
      [...connections]
        .filter(([, connection]) => connection.isChanged || isCrowded)
        .map(([name, connection]) => ({ user, device, connection: name, state: connection })),
    );
    if (changed.length === 0 && crowded.length === 0) return;
    await this.#context.store.transact((one) => {
      for (const holding of crowded) {
        one.sync.deleteConnections(holding.user, holding.device);
        holding.isCrowded = false;
      }
      for (const { state: connection, ...owner } of changed) {
        const state = connection.toJSON();
        if (state === undefined) continue;
        one.sync.putConnection({ ...owner, pos: state.pos, state: JSON.stringify(state) }, undefined);
        connection.isChanged = false;
      }
    });
  }

  /** Writes what changed, for the last time. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.persist();
  }
}

function deviceKey({ user, device }: { readonly user: UserId; readonly device: DeviceId }): string {
  return JSON.stringify([user, device]);
}

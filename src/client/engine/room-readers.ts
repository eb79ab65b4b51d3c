/** Who may read a room: fetching its members, following their devices, and encrypting for them. */
import { getMembersByRoom } from '../../matrix/api/client-server/getMembersByRoom.ts';
import type { Api } from '../api/call.ts';
import type { CryptoFace } from '../crypto/face.ts';
import { parseStateEvent, type ClearContent } from '../events.ts';
import type { Store } from '../store/store.ts';
import { listReaders } from './members.ts';

export interface RoomReadersDependencies {
  readonly store: Store;
  readonly api: Api;
  crypto(): CryptoFace | undefined;
  onLoaded(roomId: string): void;
}

export class RoomReaders {
  readonly #dependencies: RoomReadersDependencies;
  readonly #loads = new Map<string, Promise<void>>();

  constructor(dependencies: RoomReadersDependencies) {
    this.#dependencies = dependencies;
  }

  /** Fetches all members of a joined room, once; several callers share one request. */
  load(roomId: string): Promise<void> {
    const running = this.#loads.get(roomId);
    if (running !== undefined) return running;
    const load = this.#load(roomId).finally(() => this.#loads.delete(roomId));
    this.#loads.set(roomId, load);
    return load;
  }

  async #load(roomId: string): Promise<void> {
    const { store, api, crypto, onLoaded } = this.#dependencies;
    const room = await store.read(['rooms'], (one) => one.find('rooms', [roomId]));
    if (room === undefined || room.membersLoaded || room.membership !== 'join') return;
    const answer = await api.call(getMembersByRoom, { path: { roomId } });
    const events = (answer.chunk ?? []).map(parseStateEvent).filter((event) => event !== undefined);
    await store.write(['rooms', 'state'], async (one) => {
      for (const event of events) one.put('state', [roomId, event.type, event.stateKey], event);
      const current = await one.find('rooms', [roomId]);
      if (current !== undefined) one.put('rooms', [roomId], { ...current, membersLoaded: true });
    });
    onLoaded(roomId);
    const machine = crypto();
    if (machine !== undefined) await this.follow(machine, roomId);
  }

  /** Tells the crypto machine whose devices it has to know. */
  async follow(crypto: CryptoFace, roomId: string): Promise<void> {
    const members = await this.#dependencies.store.read(['rooms', 'state'], async (one) => {
      const room = await one.find('rooms', [roomId]);
      return room?.isEncrypted === true && room.membership === 'join' ? listReaders(one, room) : undefined;
    });
    if (members !== undefined) await crypto.followRoom(roomId, members);
  }

  /** Those among the readers of an encrypted room whose identity is not the one that was verified. */
  async listChanged(roomId: string): Promise<string[]> {
    const members = await this.#dependencies.store.read(['rooms', 'state'], async (one) => {
      const room = await one.find('rooms', [roomId]);
      return room?.isEncrypted === true ? listReaders(one, room) : [];
    });
    return (await this.#dependencies.crypto()?.listChangedIdentities(members)) ?? [];
  }

  /**
   * Encrypts where the room is encrypted; waits (gives nothing) while the room or the crypto is not known
   * yet, or while the user has to decide about a reader.
   */
  async protect(roomId: string, message: ClearContent): Promise<ClearContent | undefined> {
    const { store, crypto } = this.#dependencies;
    const known = await store.read(['rooms'], (one) => one.find('rooms', [roomId]));
    if (known === undefined) return undefined;
    if (!known.isEncrypted || message.type === 'm.reaction') return message;
    const machine = crypto();
    if (machine === undefined) return undefined;
    await this.load(roomId);
    const { room, memberIds } = await store.read(['rooms', 'state'], async (one) => {
      const current = (await one.find('rooms', [roomId])) ?? known;
      return { room: current, memberIds: await listReaders(one, current) };
    });
    const historyVisibility = room.historyVisibility ?? 'shared';
    return machine.encrypt({ roomId, type: message.type, content: message.content, memberIds, historyVisibility });
  }
}

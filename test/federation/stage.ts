/** A hostile server beside an honest one, and a user of ours in a room with them. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Pdu } from '../../src/matrix/events.ts';
import type { EventId } from '../../src/matrix/ids.ts';
import type { JsonObject } from '../../src/matrix/json.ts';
import { TestNetwork, type TestServer, type User, v3 } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';

export interface Scene {
  readonly alice: User;
  readonly room: RemoteRoom;
  readonly user: string;
}

/** The servers of one test file: started before its tests, checked and stopped after them. */
export class Stage {
  readonly #network = new TestNetwork();
  readonly alpha: TestServer = this.#network.server('alpha.test');
  #mallory: RemoteServer | undefined;
  #honest: RemoteServer | undefined;

  constructor() {
    before(async () => {
      this.#mallory = await this.#network.startRemote('evil.hosts.test');
      this.#honest = await this.#network.startRemote('remote.test');
      await this.alpha.start();
    });
    after(async () => {
      await this.#mallory?.stop();
      await this.#honest?.stop();
      await this.alpha.finish();
    });
  }

  get mallory(): RemoteServer {
    assert.ok(this.#mallory !== undefined);
    return this.#mallory;
  }

  get honest(): RemoteServer {
    assert.ok(this.#honest !== undefined);
    return this.#honest;
  }

  /** A room of the hostile server, in which a user of ours is joined. */
  async scene(version = '11', options: { readonly powerLevels?: JsonObject } = {}): Promise<Scene> {
    const alice = await this.alpha.register('alice');
    const user = this.mallory.user('mallory');
    const room = this.mallory.createRoom({ version, creator: user, ...options });
    await alice.ok('POST', `${v3`/join/${room.roomId}`}?via=${this.mallory.name}`, {});
    return { alice, room, user };
  }

  /** Sends events as they are. */
  async push(...events: readonly Pdu[]): Promise<void> {
    await this.mallory.send('alpha.test', { pdus: events });
  }

  async statusOf(eventId: string): Promise<string | undefined> {
    return (await this.alpha.running.services.rooms.events.find(eventId as EventId))?.status;
  }

  /** Our own next event is one that an honest server takes. */
  async assertStillSound(alice: User, room: RemoteRoom): Promise<void> {
    const eventId = await alice.send(room.roomId, 'still here');
    const event = await this.mallory.untilEvent(room, eventId);
    assert.ok(event.depth <= Number.MAX_SAFE_INTEGER);
  }
}

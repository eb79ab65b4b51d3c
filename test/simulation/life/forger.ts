/**
 * A server that does not keep to the rules: besides what it does honestly it sends events that are forged, or that no
 * honest server would make. What others must not take is remembered.
 */
import { present } from '../../../src/lib/assert.ts';
import type { Pdu } from '../../../src/matrix/events.ts';
import type { EventId, RoomId } from '../../../src/matrix/ids.ts';
import { copyObject, type JsonObject } from '../../../src/matrix/json.ts';
import type { Signer } from '../../../src/rules/signatures/sign.ts';
import type { Room, RoomEvent } from '../../../src/server/rooms/index.ts';
import { type EventFields, makeEvent } from '../../harness/remote/event.ts';
import type { SimulatedServer } from '../world/server.ts';
import type { SimulatedUser } from '../world/user.ts';
import { SIGNING_KEY_ID } from '../world/world.ts';
import type { Life } from './life.ts';

/** What an event is made from. */
interface Scene {
  readonly room: Room;
  readonly user: SimulatedUser;
  readonly state: readonly RoomEvent[];
  readonly newest: readonly Pdu[];
}

type Trick = (forger: Forger, scene: Scene) => Pdu[] | Promise<Pdu[]>;

export class Forger {
  readonly #life: Life;
  readonly server: SimulatedServer;
  #count = 0;

  constructor(life: Life, server: SimulatedServer) {
    this.#life = life;
    this.server = server;
  }

  /** Does one thing, where it runs and is in the room. */
  async act(): Promise<void> {
    const { world, room: roomId } = this.#life;
    if (!this.server.isUp) return;
    const { rooms, peers } = this.server.services;
    const room = await rooms.find(roomId as RoomId);
    const users = world.users.filter((one) => one.server === this.server && room?.localJoined.has(one.id as never));
    if (room === undefined || users.length === 0 || room.extremities.length === 0) return;
    const user = world.random.pick(users);
    const [name, trick] = world.random.pick(TRICKS);
    const others = world.servers.filter((one) => one !== this.server);
    const other = world.random.pick(others);
    const state = await rooms.getStateAt(room.stateReference);
    const newest = await rooms.events.get(room.extremities.map((one) => one.eventId));
    // What could not be written is gone.
    if (newest.length === 0) return;
    const pdus = await trick(this, { room, user, state, newest: newest.map((one) => one.pdu) });
    world.note(`${this.server.name} forges for ${other.name}: ${name} ${pdus.map((one) => one.eventId).join(' ')}`);
    this.#count += 1;
    const body = copyObject({ origin: this.server.name, origin_server_ts: 1, pdus: pdus.map((one) => one.json) });
    const path = `/_matrix/federation/v1/send/forged${this.#count}`;
    await peers.request(other.name, { method: 'PUT', path, body }).catch((error: unknown) => {
      world.note(`${other.name} refuses: ${String(error)}`);
    });
  }

  get #signer(): Signer {
    const { key, name, crypto } = this.server;
    return { entity: name, keyId: key.keyId, sign: (text) => crypto.ed25519Sign(key.seed, text) };
  }

  /** A number that no other event of its has. */
  get #number(): number {
    return this.#life.world.random.word();
  }

  /** An event after the newest ones, or after others. */
  make({ room, user, state, newest }: Scene, changes: Partial<EventFields> & { readonly after?: readonly Pdu[] }): Pdu {
    const { after = newest, ...fields } = changes;
    const sender = fields.sender ?? user.id;
    const number = this.#number;
    const given = { type: 'm.room.message', sender, content: { msgtype: 'm.text', body: `forged ${number}` } };
    const isAssigned = room.rules.eventIds === 'assigned';
    const json = { ...(isAssigned && { event_id: `$forged${number}:${this.server.name}` }), ...fields.json };
    return makeEvent(
      { ...given, ...fields, json },
      {
        rules: room.rules,
        roomId: room.roomId,
        prevEvents: after,
        authEvents: authEventsOf(fields.type ?? given.type, { sender, stateKey: fields.stateKey, room, state }),
        unknown: { prevEvents: [], authEvents: [] },
        depth: Math.max(...after.map((one) => one.depth)) + 1,
        originServerTs: 1_767_225_600_000 + Math.floor(this.#life.world.scheduler.nowMs),
        server: this.server.name,
        signers: [this.#signer],
      },
    );
  }

  /** Remembers that nobody may take these. */
  forbid(...pdus: readonly Pdu[]): Pdu[] {
    for (const { eventId } of pdus) this.#life.ledger.forged.add(eventId);
    return [...pdus];
  }

  /** A user of another server. */
  stranger(): SimulatedUser {
    const { world } = this.#life;
    return world.random.pick(world.users.filter((one) => one.server !== this.server));
  }

  /** An event that was acknowledged, if the forger has it. */
  async anyEvent(): Promise<RoomEvent | undefined> {
    const { events } = this.#life.ledger;
    if (events.length === 0) return undefined;
    const id = this.#life.world.random.pick(events).eventId as EventId;
    const event = await this.server.services.rooms.events.find(id);
    return event?.stateBefore === undefined ? undefined : event;
  }
}

interface Subject {
  readonly sender: string;
  readonly stateKey: string | undefined;
  readonly room: Room;
  readonly state: readonly RoomEvent[];
}

/** "Auth events selection", as far as forged events need it. */
function authEventsOf(type: string, { sender, stateKey, room, state }: Subject): Pdu[] {
  const wanted = new Set(['m.room.power_levels|', `m.room.member|${sender}`]);
  if (room.version !== '12') wanted.add('m.room.create|');
  if (type === 'm.room.member') wanted.add(`m.room.member|${stateKey}`).add('m.room.join_rules|');
  return state.map((one) => one.pdu).filter((pdu) => wanted.has(`${pdu.type}|${pdu.stateKey}`));
}

/** A signature that the key of the user's server did not make. */
function nonsense(user: string): JsonObject {
  return { [user.slice(user.indexOf(':') + 1)]: { [SIGNING_KEY_ID]: 'A'.repeat(86) } };
}

const TRICKS: readonly (readonly [name: string, trick: Trick])[] = [
  [
    'another server’s name',
    (forger, scene) => {
      const sender = forger.stranger().id;
      return forger.forbid(
        forger.make(scene, { sender }),
        forger.make(scene, { sender, afterSigning: { signatures: nonsense(sender) } }),
      );
    },
  ],
  [
    'no signature',
    (forger, scene) =>
      forger.forbid(
        forger.make(scene, { afterSigning: { signatures: {} } }),
        forger.make(scene, { afterSigning: { signatures: nonsense(scene.user.id) } }),
      ),
  ],
  [
    'too large',
    (forger, scene) => {
      const content = { msgtype: 'm.text', body: 'x'.repeat(66_000) };
      return forger.forbid(forger.make(scene, { content }));
    },
  ],
  [
    'content that was altered',
    async (forger) => {
      const event = await forger.anyEvent();
      if (event === undefined) return [];
      const content = copyObject(event.pdu.content, { body: 'altered', topic: 'altered' });
      return [{ ...event.pdu, json: copyObject(event.pdu.json, { content }) }];
    },
  ],
  [
    'power for oneself',
    (forger, scene) => {
      const content = { users: { [scene.user.id]: 100 }, state_default: 0, ban: 0 };
      return [forger.make(scene, { type: 'm.room.power_levels', stateKey: '', content })];
    },
  ],
  [
    'a ban of whom one likes',
    (forger, scene) => {
      const content = { membership: 'ban' };
      return [forger.make(scene, { type: 'm.room.member', stateKey: forger.stranger().id, content })];
    },
  ],
  [
    'auth events that do not belong there',
    (forger, scene) => {
      const odd = scene.state.filter((one) => one.pdu.sender !== scene.user.id).slice(0, 3);
      return [forger.make({ ...scene, state: odd }, {}), forger.make({ ...scene, state: [] }, {})];
    },
  ],
  [
    'a branch from long ago',
    async (forger, scene) => {
      const event = await forger.anyEvent();
      if (event?.stateBefore === undefined) return [];
      const state = await forger.server.services.rooms.getStateAt(event.stateAfter ?? event.stateBefore);
      const topic = { type: 'm.room.topic', stateKey: '', content: { topic: 'late' } };
      const late = { ...scene, state };
      return [forger.make(late, { after: [event.pdu] }), forger.make(late, { after: [event.pdu], ...topic })];
    },
  ],
  [
    'the same twice, and twice the same place',
    (forger, scene) => {
      const pdu = forger.make(scene, {});
      return [pdu, pdu, forger.make(scene, {})];
    },
  ],
];

/** The server of a life that forges. */
export function forgerOf(life: Life): Forger {
  return new Forger(life, present(life.world.servers.at(-1), 'a world has servers'));
}

/** One server of a simulated federation: real services and store, with the wire between them in the test's hand. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSigningKeys } from '../../src/cli/compose/signing-key.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../src/matrix/ids.ts';
import type { ElementResult } from '../../src/matrix/json-slice.ts';
import { parsePduJson } from '../../src/matrix/json-parse.ts';
import { stateKeyOf } from '../../src/matrix/events.ts';
import { authEventKeys } from '../../src/rules/auth/index.ts';
import type { FindServerKey } from '../../src/rules/signatures/verify.ts';
import type { Services } from '../../src/server/services.ts';
import type { RoomEvent } from '../../src/server/rooms/index.ts';
import { buildEvent, signBuilt } from '../../src/server/timeline/index.ts';
import { type EventSource, type Received, Receiver } from '../../src/server/timeline/receive/index.ts';
import { StateIntake } from '../../src/server/timeline/receive/intake.ts';
import { createEmptyRoom, enterRoom } from '../../src/server/timeline/receive/join.ts';
import type { User } from '../harness/index.ts';
import { TestServer } from '../harness/server.ts';

const encoder = new TextEncoder();

/** A PDU as it arrives. */
export function elementOf(json: string): ElementResult {
  const bytes = encoder.encode(json);
  return { ok: true, bytes, parsed: parsePduJson(bytes) };
}

export class Node {
  readonly name: ServerName;
  readonly #server: TestServer;
  #receiver: Receiver | undefined;
  /** Whether others reach it. */
  reachable = true;
  /** A fault for the checks to find: it loses some of what it receives, or merges states by another algorithm. */
  defect: 'loses' | 'merges wrongly' | undefined;

  private constructor(name: string) {
    this.name = name as ServerName;
    this.#server = new TestServer({ config: { serverName: name, federation: { enabled: false } } });
  }

  /** Starts servers that know each other's keys. */
  static async startAll(names: readonly string[]): Promise<Node[]> {
    const nodes = names.map((name) => new Node(name));
    for (const node of nodes) await node.#server.start();
    const keys = new Map(nodes.map((node) => [node.name, node.#publicKey()]));
    const findKey: FindServerKey = (server, keyId) => {
      const key = keys.get(server);
      return key?.keyId === keyId ? { publicKey: key.publicKey, validUntilTs: Number.MAX_SAFE_INTEGER } : undefined;
    };
    for (const node of nodes) {
      node.#receiver = new Receiver(node.services.context, node.services.rooms, {
        ensureKeys: async () => findKey,
        own: node.services.timeline,
      });
      node.#findKey = findKey;
    }
    return nodes;
  }

  #findKey: FindServerKey = () => undefined;

  get services(): Services {
    return this.#server.running.services;
  }

  get receiver(): Receiver {
    assert.ok(this.#receiver !== undefined);
    return this.#receiver;
  }

  register(name: string): Promise<User> {
    return this.#server.register(name);
  }

  finish(): Promise<void> {
    return this.#server.finish();
  }

  #signingKey() {
    return parseSigningKeys(readFileSync(path.join(this.#server.folder, 'signing.key'), 'utf8')).current;
  }

  #publicKey() {
    const { keyId, seed } = this.#signingKey();
    return { keyId, publicKey: this.services.context.crypto.ed25519PublicKey(seed) };
  }

  async #room(roomId: string) {
    return await this.services.rooms.require(roomId as RoomId);
  }

  /** The stored text of events, in the order asked. */
  async textsOf(ids: readonly string[]): Promise<string[]> {
    const rows = await this.services.context.store.events.getEvents(ids as readonly EventId[]);
    const byId = new Map(rows.map((row) => [row.eventId as string, row.json]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  /** Every event that has a place here, by id. */
  async placed(roomId: string): Promise<Map<EventId, RoomEvent>> {
    const room = await this.#room(roomId);
    await room.settled;
    const found = new Map<EventId, RoomEvent>();
    for (let layer = room.extremities.map((one) => one.eventId); layer.length > 0; ) {
      const events = await this.services.rooms.events.get(layer.filter((id) => !found.has(id)));
      layer = [];
      for (const event of events) {
        found.set(event.eventId, event);
        layer.push(...event.pdu.prevEvents);
      }
    }
    return found;
  }

  /** Which of these events are here, whatever became of them. */
  async holds(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.services.context.store.events.getEvents(ids as readonly EventId[]);
    return new Set(rows.map((row) => row.eventId));
  }

  /** A state as one comparable text. */
  async #stateText(events: readonly RoomEvent[]): Promise<string> {
    return events
      .map(({ pdu, eventId }) => `${stateKeyOf(pdu.type, pdu.stateKey ?? '')} ${eventId}`)
      .sort()
      .join('\n');
  }

  async currentState(roomId: string): Promise<string> {
    const room = await this.#room(roomId);
    await room.settled;
    const stored = await this.services.rooms.getStateAt(room.stateReference);
    const current = await this.services.context.store.rooms.getCurrentState(room.number);
    const listed = await this.services.rooms.events.getByNumber(current.map((one) => one.event));
    const text = await this.#stateText(stored);
    assert.equal(await this.#stateText(listed), text, 'the current state is the head of the main line');
    for (const event of room.stateWithoutMembers()) {
      assert.ok(text.includes(event.eventId), 'what memory has is the current state');
    }
    return text;
  }

  async stateAfter(event: RoomEvent): Promise<string> {
    assert.ok(event.stateAfter !== undefined, `${event.eventId} has a place`);
    return this.#stateText(await this.services.rooms.getStateAt(event.stateAfter));
  }

  async extremities(roomId: string): Promise<EventId[]> {
    return (await this.#room(roomId)).extremities.map((one) => one.eventId).sort();
  }

  /** What this server answers to others. */
  sourceFor(asker: Node): EventSource {
    const closed = (): boolean => !this.reachable || !asker.reachable;
    const walk = async (start: readonly EventId[], next: (event: RoomEvent) => readonly EventId[]) => {
      const found = new Map<EventId, RoomEvent>();
      for (let layer = [...start]; layer.length > 0; ) {
        const events = await this.services.rooms.events.get(layer.filter((id) => !found.has(id)));
        layer = [];
        for (const event of events) {
          found.set(event.eventId, event);
          layer.push(...next(event));
        }
      }
      return found;
    };
    return {
      getMissingEvents: async (_roomId, { earliest, latest, limit }) => {
        if (closed()) return [];
        const stop = new Set(earliest);
        const starts = await this.services.rooms.events.get(latest);
        const found: EventId[] = [];
        const queue = starts.flatMap((event) => event.pdu.prevEvents);
        while (queue.length > 0 && found.length < limit) {
          const id = queue.shift() as EventId;
          if (stop.has(id) || found.includes(id)) continue;
          const event = await this.services.rooms.events.find(id);
          if (event === undefined || event.status === 'rejected') continue;
          found.push(id);
          queue.push(...event.pdu.prevEvents);
        }
        return (await this.textsOf(found.reverse())).map(elementOf);
      },
      backfill: async () => [],
      getStateIds: async (_roomId, eventId) => {
        if (closed()) return undefined;
        const event = await this.services.rooms.events.find(eventId);
        if (event?.stateBefore === undefined) return undefined;
        const state = await this.services.rooms.getStateAt(event.stateBefore);
        const chain = await walk(
          state.flatMap((one) => one.pdu.authEvents),
          (one) => one.pdu.authEvents,
        );
        return { state: state.map((one) => one.eventId), authChain: [...chain.keys()] };
      },
      getEvents: async (_roomId, ids) => (closed() ? [] : (await this.textsOf(ids)).map(elementOf)),
      getAuthChain: async (_roomId, eventId) => {
        if (closed()) return [];
        const event = await this.services.rooms.events.find(eventId);
        const chain = await walk(event?.pdu.authEvents ?? [], (one) => one.pdu.authEvents);
        return (await this.textsOf([...chain.keys()])).map(elementOf);
      },
    };
  }

  /** Receives events of a room from another server. */
  async receive(roomId: string, texts: readonly string[], from: Node): Promise<Received> {
    const room = await this.#room(roomId);
    if (this.defect === 'merges wrongly') {
      Object.defineProperty(room, 'rules', { value: { ...room.rules, stateResolution: 'v1' }, configurable: true });
    }
    const kept = this.defect === 'loses' ? texts.slice(0, -1) : texts;
    return await this.receiver.receive(room.number, kept.map(elementOf), from.sourceFor(this));
  }

  /** Signed messages that all follow the same events: as many forks. They are not stored here. */
  async forks(roomId: string, user: string, count: number): Promise<string[]> {
    const room = await this.#room(roomId);
    await room.settled;
    const previous = await this.services.rooms.events.get(room.extremities.map((one) => one.eventId));
    return Array.from({ length: count }, (_, index) => {
      const content = { msgtype: 'm.text', body: `fork ${index}` };
      const subject = { type: 'm.room.message', sender: user as UserId, stateKey: undefined, content };
      const authEvents = authEventKeys(subject, room.rules).flatMap(
        ({ type, stateKey }) => room.lookup(type, stateKey) ?? [],
      );
      const built = buildEvent(
        {
          ...subject,
          rules: room.rules,
          roomId: room.roomId,
          redacts: undefined,
          originServerTs: this.services.context.clock.now(),
          depth: Math.max(...room.extremities.map((one) => one.depth)) + 1,
          authEvents: authEvents.map((pdu) => ({ eventId: pdu.eventId, pdu })),
          prevEvents: previous.map(({ eventId, pdu }) => ({ eventId, pdu })),
        },
        this.services.timeline.planTools(),
      );
      return signBuilt(built, (data) => this.services.timeline.signText(data));
    });
  }

  /** Joins a room that another server is in, as make_join and send_join do. */
  async join(roomId: string, user: string, resident: Node): Promise<string> {
    const there = await resident.#room(roomId);
    await there.settled;
    await resident.services.rooms.ensureMembers(there, [user]);
    const content = { membership: 'join' };
    const subject = { type: 'm.room.member', sender: user as UserId, stateKey: user, content };
    const authEvents = authEventKeys(subject, there.rules).flatMap(
      ({ type, stateKey }) => there.lookup(type, stateKey) ?? [],
    );
    const previous = await resident.services.rooms.events.get(there.extremities.map((one) => one.eventId));
    const depth = Math.max(...there.extremities.map((one) => one.depth)) + 1;
    const built = buildEvent(
      {
        ...subject,
        rules: there.rules,
        roomId: there.roomId,
        redacts: undefined,
        originServerTs: this.services.context.clock.now(),
        depth,
        authEvents: authEvents.map((pdu) => ({ eventId: pdu.eventId, pdu })),
        prevEvents: previous.map(({ eventId, pdu }) => ({ eventId, pdu })),
      },
      this.services.timeline.planTools(),
    );
    const text = signBuilt(built, (data) => this.services.timeline.signText(data));
    const state = await resident.services.rooms.getStateAt(there.stateReference);
    const source = resident.sourceFor(this);
    const chains = await Promise.all(state.map((one) => source.getAuthChain(there.roomId, one.eventId)));
    const received = await resident.receive(roomId, [text], this);
    assert.equal(received.statuses.get(built.pdu.eventId), 'accepted', JSON.stringify(received.dropped));
    const { context, rooms } = this.services;
    const tools = { context, rooms, ensureKeys: async () => this.#findKey };
    const identity = { roomId: there.roomId, rules: there.rules };
    const intake = new StateIntake({
      ...tools,
      identity,
      from: resident.name,
      room: await rooms.findNumber(there.roomId),
      open: async () => await createEmptyRoom(identity, tools),
    });
    await intake.take((await resident.textsOf(state.map((one) => one.eventId))).map(elementOf), true);
    await intake.take(chains.flat(), false);
    const taken = await intake.finish();
    await enterRoom(
      { ...identity, join: elementOf(text), joinId: built.pdu.eventId, taken, servers: undefined },
      tools,
    );
    return built.pdu.eventId;
  }
}

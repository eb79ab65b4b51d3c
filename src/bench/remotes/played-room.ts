/** A room that servers of the bench are in: a graph of signed events, built without asking the rules. */
import { randomUUID } from 'node:crypto';
import { authEventKeys } from '../../rules/auth/index.ts';
import { eventIdOf, hashEvent } from '../../rules/hashes/hashes.ts';
import { signEvent, type Signer } from '../../rules/signatures/sign.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { type Pdu, type StateKey, stateKeyOf, typePdu } from '../../matrix/events.ts';
import { type EventId, parseRoomId, parseUserId, type RoomId, serverOf, type ServerName } from '../../matrix/ids.ts';
import { getString, type JsonObject } from '../../matrix/json.ts';
import { findRoomVersion, type RoomVersionRules } from '../../matrix/room-versions.ts';
import { sha256 } from './server-key.ts';
import { ToldState } from './told-state.ts';

export interface EventFields {
  readonly type: string;
  readonly sender: string;
  readonly stateKey?: string;
  readonly content: JsonObject;
}

export interface PlayedRoomOptions {
  /** 3 or later: events are named by their ids alone. */
  readonly version: string;
  readonly creator: string;
  readonly signerOf: (server: ServerName) => Signer;
  /** When the first event was sent; each later one comes a millisecond after. */
  readonly startedAt: number;
}

/** A line of events in a room, and the state at its end. */
export class Branch {
  readonly #room: PlayedRoom;
  readonly state: Map<StateKey, EventId>;
  tips: readonly EventId[];
  depth: number;

  constructor(room: PlayedRoom, state: ReadonlyMap<StateKey, EventId>, tips: readonly EventId[], depth: number) {
    this.#room = room;
    this.state = new Map(state);
    this.tips = tips;
    this.depth = depth;
  }

  /** Another line that begins here. */
  fork(): Branch {
    return new Branch(this.#room, this.state, this.tips, this.depth);
  }

  /** Adds an event at the end. */
  send(fields: EventFields): Pdu {
    const event = this.#room.add(this.template(fields));
    this.#advance(event);
    return event;
  }

  /** Takes an event that another server has built on this line. */
  take(json: JsonObject): Pdu {
    const event = this.#room.take(json);
    this.#advance(event);
    return event;
  }

  /** An event at the end, without hashes and signatures. */
  template({ type, sender, stateKey, content }: EventFields): JsonObject {
    const { rules, roomId } = this.#room;
    const user = parseUserId(sender);
    if (user === undefined) throw new Error(`${sender} is no user`);
    const subject = { type, sender: user, stateKey, content };
    const cited = authEventKeys(subject, rules).map((pair) => this.state.get(stateKeyOf(pair.type, pair.stateKey)));
    return {
      type,
      sender,
      content,
      depth: this.depth + 1,
      origin_server_ts: this.#room.nextTimestamp(),
      prev_events: [...this.tips],
      auth_events: cited.filter((id) => id !== undefined),
      ...(roomId !== undefined && { room_id: roomId }),
      ...(stateKey !== undefined && { state_key: stateKey }),
    };
  }

  #advance(event: Pdu): void {
    this.tips = [event.eventId];
    this.depth = event.depth;
    if (event.stateKey !== undefined) this.state.set(stateKeyOf(event.type, event.stateKey), event.eventId);
  }
}

export class PlayedRoom {
  readonly rules: RoomVersionRules;
  readonly events = new Map<EventId, Pdu>();
  /** The line that everybody is on. */
  main: Branch;
  /** Whether its servers leave the members out of their answers to a join. */
  omitsMembers = false;
  #told: { readonly at: string; readonly state: ToldState } | undefined;
  readonly #toldBefore = new Map<EventId, ToldState>();
  readonly #texts = new Map<EventId, string>();
  readonly #signerOf: (server: ServerName) => Signer;
  /** `undefined` only while the create event is made, where its hash becomes the id. */
  #roomId: RoomId | undefined;
  #lastTimestamp: number;

  /** A room with its creator, power levels and join rules: everybody may join. */
  constructor({ version, creator, signerOf, startedAt }: PlayedRoomOptions) {
    const rules = findRoomVersion(version);
    if (rules?.eventReferences !== 'ids') throw new Error(`the bench plays no rooms of version ${version}`);
    this.rules = rules;
    this.#signerOf = signerOf;
    this.#lastTimestamp = startedAt;
    this.main = new Branch(this, new Map(), [], 0);
    const send = (type: string, content: JsonObject, stateKey = ''): Pdu =>
      this.main.send({ type, sender: creator, stateKey, content });
    const named = rules.creator === 'content' ? { creator } : {};
    this.#roomId = rules.roomIdIsCreateHash ? undefined : parseRoomId(`!${randomUUID()}:${serverOf(creator)}`);
    this.#roomId = send('m.room.create', { room_version: version, ...named }).roomId;
    this.join(creator);
    const users: JsonObject = rules.creatorsHaveInfinitePower ? {} : { [creator]: 100 };
    send('m.room.power_levels', { users, users_default: 0, events_default: 0, state_default: 50 });
    send('m.room.join_rules', { join_rule: 'public' });
    send('m.room.history_visibility', { history_visibility: 'shared' });
  }

  get roomId(): RoomId | undefined {
    return this.#roomId;
  }

  nextTimestamp(): number {
    this.#lastTimestamp += 1;
    return this.#lastTimestamp;
  }

  join(user: string, branch: Branch = this.main): Pdu {
    const content = { membership: 'join' };
    return branch.send({ type: 'm.room.member', sender: user, stateKey: user, content });
  }

  /** Signs an event by its sender's server and keeps it. */
  add(template: JsonObject): Pdu {
    const server = serverOf(getString(template, 'sender') ?? '');
    if (server === undefined) throw new Error('an event has no sender');
    const hashed = hashEvent(template, this.rules, sha256);
    return this.#keep(typePdu(signEvent(hashed.json, this.rules, this.#signerOf(server)), hashed.eventId, this.rules));
  }

  /** Keeps an event that another server has signed. */
  take(json: JsonObject): Pdu {
    return this.#keep(typePdu(json, eventIdOf(json, this.rules, sha256), this.rules));
  }

  #keep(event: Pdu): Pdu {
    this.events.set(event.eventId, event);
    this.#texts.set(event.eventId, canonicalJson(event.json, { rawNumbers: true }));
    return event;
  }

  /** The event as it is sent. */
  textOf(eventId: EventId): string {
    const text = this.#texts.get(eventId);
    if (text === undefined) throw new Error(`the room has no event ${eventId}`);
    return text;
  }

  readonly authEventsOf = (eventId: EventId): readonly EventId[] | undefined => this.events.get(eventId)?.authEvents;

  /** The state at the end of the room, told as often as it is asked for. */
  tell(): ToldState {
    const at = this.main.tips.join(' ');
    if (this.#told?.at !== at) this.#told = { at, state: new ToldState(this, this.main.state) };
    return this.#told.state;
  }

  /** Takes the join of another server: the state before it. */
  takeJoin(json: JsonObject): { readonly event: Pdu; readonly before: ToldState } {
    const before = this.tell();
    const event = this.main.take(json);
    this.#toldBefore.set(event.eventId, before);
    return { event, before };
  }

  /** The state before an event by which another server has joined. */
  toldBefore(event: EventId): ToldState | undefined {
    return this.#toldBefore.get(event);
  }
}

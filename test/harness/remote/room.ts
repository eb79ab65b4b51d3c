/** A room of a scripted server: what its users do, as signed events, right or wrong. */
import { randomUUID } from 'node:crypto';
import { nextDepth, type Pdu, stateKeyOf } from '../../../src/matrix/events.ts';
import type { RoomId, UserId } from '../../../src/matrix/ids.ts';
import type { JsonObject } from '../../../src/matrix/json.ts';
import { DEFAULT_ROOM_VERSION, findRoomVersion, type RoomVersionRules } from '../../../src/matrix/room-versions.ts';
import { authEventKeys } from '../../../src/rules/auth/index.ts';
import type { Signer } from '../../../src/rules/signatures/sign.ts';
import { type EventFields, type EventPlace, makeEvent, unsignedEvent } from './event.ts';
import { EventGraph } from './graph.ts';

/** What a room needs of the server that keeps it. */
export interface RoomHome {
  readonly name: string;
  readonly signer: Signer;
  /** Another one each time: equal events of one moment would be one event, and equal create events one room. */
  nextTimestamp(): number;
}

export interface CreateRoomOptions {
  readonly creator: string;
  readonly version?: string;
  readonly createContent?: JsonObject;
  /** `public` unless told otherwise. */
  readonly joinRule?: string | JsonObject;
  readonly historyVisibility?: string;
  /** Laid over the power levels that a room starts with. */
  readonly powerLevels?: JsonObject;
  readonly name?: string;
  readonly encrypted?: boolean;
}

/** The rules of a version that exists. */
export function rulesOfVersion(version: string): RoomVersionRules {
  const rules = findRoomVersion(version);
  if (rules === undefined) throw new Error(`there is no room version ${version}`);
  return rules;
}

export class RemoteRoom extends EventGraph {
  readonly home: RoomHome;
  /** Whether `publicRooms` lists it. */
  published = false;

  constructor(home: RoomHome, rules: RoomVersionRules, roomId: RoomId) {
    super(rules, roomId);
    this.home = home;
  }

  /** Creates a room as clients' servers do: creator, power levels, join rules, history visibility. */
  static create(home: RoomHome, options: CreateRoomOptions): RemoteRoom {
    const { creator } = options;
    const rules = rulesOfVersion(options.version ?? DEFAULT_ROOM_VERSION);
    const roomId = rules.roomIdIsCreateHash ? undefined : `!${randomUUID()}:${home.name}`;
    const place: EventPlace = {
      rules,
      roomId,
      prevEvents: [],
      authEvents: [],
      unknown: { prevEvents: [], authEvents: [] },
      depth: 1,
      originServerTs: home.nextTimestamp(),
      server: home.name,
      signers: [home.signer],
    };
    const content: JsonObject = {
      room_version: rules.version,
      ...(rules.creator === 'content' && { creator }),
      ...options.createContent,
    };
    const create = makeEvent({ type: 'm.room.create', sender: creator, stateKey: '', content }, place);
    const room = new RemoteRoom(home, rules, create.roomId);
    room.add(create);
    room.#setUp(options);
    return room;
  }

  #setUp(options: CreateRoomOptions): void {
    const { creator, joinRule = 'public' } = options;
    this.join(creator);
    const users: JsonObject = this.rules.creatorsHaveInfinitePower ? {} : { [creator]: 100 };
    this.setState(creator, 'm.room.power_levels', { users, events: {}, ...options.powerLevels });
    const rule = typeof joinRule === 'string' ? { join_rule: joinRule } : joinRule;
    this.setState(creator, 'm.room.join_rules', rule);
    const visibility = options.historyVisibility ?? 'shared';
    this.setState(creator, 'm.room.history_visibility', { history_visibility: visibility });
    if (options.name !== undefined) this.setState(creator, 'm.room.name', { name: options.name });
    if (options.encrypted === true) {
      this.setState(creator, 'm.room.encryption', { algorithm: 'm.megolm.v1.aes-sha2' });
    }
  }

  /** Where an event of these fields would stand. */
  #place(fields: EventFields): EventPlace {
    const prevIds = fields.prevEvents ?? this.extremities;
    const known = prevIds.filter((id) => this.nodes.get(id as never)?.stateAfter !== undefined);
    const prevEvents = prevIds.map(this.find).filter((event) => event !== undefined);
    const before = this.state(known);
    const subject = {
      type: fields.type,
      sender: fields.sender as UserId,
      stateKey: fields.stateKey,
      content: fields.content ?? {},
    };
    const selected = authEventKeys(subject, this.rules).map((pair) => before.get(stateKeyOf(pair.type, pair.stateKey)));
    const authIds: readonly string[] = fields.authEvents ?? selected.filter((id) => id !== undefined);
    const unknown = (ids: readonly string[]) => ids.filter((id) => this.find(id) === undefined);
    return {
      rules: this.rules,
      roomId: this.roomId,
      prevEvents,
      authEvents: authIds.map(this.find).filter((event) => event !== undefined),
      unknown: { prevEvents: unknown(prevIds), authEvents: unknown(authIds) },
      depth: nextDepth(prevEvents.map((event) => event.depth)),
      originServerTs: this.home.nextTimestamp(),
      server: this.home.name,
      signers: [this.home.signer],
    };
  }

  /** Makes an event that stands nowhere yet. */
  build(fields: EventFields): Pdu {
    return makeEvent(fields, this.#place(fields));
  }

  /** The event without hashes and signatures: what `make_join` and its like answer. */
  template(fields: EventFields): JsonObject {
    return unsignedEvent(fields, this.#place(fields));
  }

  /** Makes an event and takes it into the room; the rules must accept it. */
  send(fields: EventFields): Pdu {
    const event = this.build(fields);
    const { verdict } = this.add(event);
    if (!verdict.accept) throw new Error(`${fields.type} of ${fields.sender}: ${verdict.why}`);
    return event;
  }

  /** Makes an event and takes it into the room whatever the rules say. */
  force(fields: EventFields): Pdu {
    const event = this.build(fields);
    this.add(event, { force: true });
    return event;
  }

  message(sender: string, body: string, more: Partial<EventFields> = {}): Pdu {
    return this.send({ type: 'm.room.message', sender, content: { msgtype: 'm.text', body }, ...more });
  }

  setState(sender: string, type: string, content: JsonObject, more: Partial<EventFields> = {}): Pdu {
    return this.send({ type, sender, content, stateKey: '', ...more });
  }

  /** A member event of `sender` about `user`. */
  member(sender: string, user: string, content: JsonObject, more: Partial<EventFields> = {}): Pdu {
    return this.send({ type: 'm.room.member', sender, stateKey: user, content, ...more });
  }

  join(user: string, more: Partial<EventFields> = {}): Pdu {
    return this.member(user, user, { membership: 'join' }, more);
  }

  leave(user: string, more: Partial<EventFields> = {}): Pdu {
    return this.member(user, user, { membership: 'leave' }, more);
  }

  kick(sender: string, user: string, more: Partial<EventFields> = {}): Pdu {
    return this.member(sender, user, { membership: 'leave' }, more);
  }

  ban(sender: string, user: string, more: Partial<EventFields> = {}): Pdu {
    return this.member(sender, user, { membership: 'ban' }, more);
  }

  /** An invite that is only in this room; `RemoteServer.invite` tells the other server. */
  invite(sender: string, user: string, more: Partial<EventFields> = {}): Pdu {
    return this.member(sender, user, { membership: 'invite' }, more);
  }

  /** Changes some levels; the others stay. */
  powerLevels(sender: string, levels: JsonObject, more: Partial<EventFields> = {}): Pdu {
    const now = this.current('m.room.power_levels')?.content ?? {};
    return this.setState(sender, 'm.room.power_levels', { ...now, ...levels }, more);
  }

  redact(sender: string, eventId: string, more: Partial<EventFields> = {}): Pdu {
    return this.send({ type: 'm.room.redaction', sender, redacts: eventId, ...more });
  }

  /** The state that an invited user's server gets to see, as full events of the room version. */
  inviteState(): JsonObject[] {
    const types = ['create', 'join_rules', 'canonical_alias', 'avatar', 'name', 'encryption', 'topic'];
    return types.map((type) => this.current(`m.room.${type}`)?.json).filter((event) => event !== undefined);
  }
}

/** Sending and reading what is in rooms. The face of the folder. */
import { KeyedQueue } from '../../lib/queue.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Pdu } from '../../matrix/events.ts';
import { type EventId, parseEventId, type RoomId, serverOf, type UserId } from '../../matrix/ids.ts';
import { getObject, getString, jsonEquals, type JsonObject } from '../../matrix/json.ts';
import { powerLevelsOf } from '../../rules/auth/index.ts';
import { isRecommended } from '../../rules/signatures/policy-server.ts';
import type { VerifySignature } from '../../rules/signatures/verify.ts';
import type { RoomNumber, StoredEvent, TransactionKey } from '../../ports/store/index.ts';
import type { SigningKey } from '../../ports/crypto.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import type { Room, RoomEvent, Rooms } from '../rooms/index.ts';
import { type BuiltEvent, signBuilt } from './build-event.ts';
import { type AlsoWrite, commitPlan, relationOf } from './commit.ts';
import { type EventDraft, type PlannedEvent, type PlanTools, RoomPlan } from './plan.ts';
import { type PolicyTools, policyServerFor, withPolicySignature } from './policy-signature.ts';
import { SentTransactions } from './sent-transactions.ts';

export { type BuiltEvent, buildEvent, signBuilt } from './build-event.ts';
export { type EventDraft, type PlannedEvent, type PlanTools, RoomPlan } from './plan.ts';
export { boundaryAfter, type Direction, type Page, type History, pageBounds, Reader } from './read.ts';
export { RECURSION_DEPTH, Surroundings } from './read-around.ts';
export { formatToken, parseToken } from './token.ts';
export { stripped, STRIPPED_TYPES } from './stripped-state.ts';
export type { AlsoWrite } from './commit.ts';
export { relationOf } from './commit.ts';
export { Presenter, type Viewer } from './present.ts';
export { RoomView } from './room-view.ts';
export {
  completeRoom,
  createEmptyRoom,
  enterRoom,
  type EnterTools,
  type EventSource,
  type GivenEvents,
  type MissingRequest,
  Receiver,
  type StateIds,
  StateIntake,
  textOf,
} from './receive/index.ts';

export interface SendRequest {
  readonly roomId: RoomId;
  readonly sender: UserId;
  readonly device: string;
  readonly type: string;
  readonly stateKey?: string;
  readonly content: JsonObject;
  /** The event that this one redacts. */
  readonly redacts?: EventId;
  /** The client's transaction id; a second request with the same one gets the first one's answer. */
  readonly transactionId?: string;
}

/** Fills a plan; runs in the room's queue. */
export type FillPlan<T> = (plan: RoomPlan, room: Room) => T | Promise<T>;

export class Timeline {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #signingKey: SigningKey;
  readonly #peers: Peers;
  readonly #transactions: SentTransactions;
  readonly #inFlight = new KeyedQueue<string>();

  constructor(
    context: Context,
    rooms: Rooms,
    { signingKey, peers }: { readonly signingKey: SigningKey; readonly peers: Peers },
  ) {
    this.#peers = peers;
    this.#transactions = new SentTransactions(context.store.events);
    this.#context = context;
    this.#rooms = rooms;
    this.#signingKey = signingKey;
  }

  /** What plans are built with, at this moment. */
  planTools(): PlanTools {
    const { crypto, clock, random, serverName, store } = this.#context;
    return {
      sha256: (data) => crypto.sha256(data),
      serverName,
      keyId: this.#signingKey.keyId,
      assignedId: () => random.token(18).replaceAll(/[-_]/g, 'x'),
      allocateEvent: () => store.allocateEvent(),
      verify: (key, text, signature) => crypto.ed25519Verify(key, text, signature),
      now: clock.now(),
    };
  }

  /** Our signature over a text: for events that go to another server before they stand here. */
  signText(text: string): Uint8Array {
    return this.#context.crypto.ed25519Sign(this.#signingKey.seed, text);
  }

  /**
   * Plans and commits events of one room, all or none. `users` are those whose member events the decisions need.
   * Resolves when they are durable; the room itself goes on as soon as they are planned.
   */
  async append<T>(
    room: RoomNumber,
    users: readonly string[],
    fill: FillPlan<T>,
    also?: AlsoWrite,
  ): Promise<{ result: T; events: readonly RoomEvent[] }> {
    await this.#untilDecidable(room, users);
    const { result, durable } = await this.#rooms.exclusively(room, async (current) => {
      await this.#prepare(current, users);
      const plan = new RoomPlan(current, this.planTools());
      const filled = await fill(plan, current);
      await this.#recommend(plan);
      return { result: filled, durable: plan.events.length === 0 ? [] : [this.commit(plan, also)] };
    });
    return { result, events: (await durable[0]) ?? [] };
  }

  /** Has the room's policy server sign what is planned, where the room uses one. */
  async #recommend(plan: RoomPlan): Promise<void> {
    const { serverName } = this.#context;
    for (const planned of plan.events) {
      if (policyServerFor(plan.room, planned.built, serverName) === undefined) continue;
      plan.setSigned(planned, await this.sign(plan.room, planned.built));
    }
  }

  /**
   * The text of an event of ours with our signature, and that of the room's policy server where it uses one. Throws
   * where the policy server does not sign.
   */
  async sign(room: Room, built: BuiltEvent): Promise<string> {
    const text = signBuilt(built, (data) => this.signText(data));
    const policy = policyServerFor(room, built, this.#context.serverName);
    return policy === undefined ? text : await withPolicySignature(text, policy, room, this.#policyTools());
  }

  /**
   * The text of an event that came from elsewhere, with the signature of the room's policy server; `undefined` where
   * the room uses none, or the event has it. Throws where the policy server does not sign.
   */
  async recommend(
    room: Room,
    { pdu, json }: { readonly pdu: Pdu; readonly json: string },
  ): Promise<string | undefined> {
    const policy = policyServerFor(room, { pdu }, this.#context.serverName);
    const tools = this.#policyTools();
    if (policy === undefined || isRecommended(pdu.json, policy, { rules: room.rules, verify: tools.verify })) {
      return undefined;
    }
    return await withPolicySignature(json, policy, room, tools);
  }

  #policyTools(): PolicyTools {
    const { serverName, crypto } = this.#context;
    const verify: VerifySignature = (key, message, signature) => crypto.ed25519Verify(key, message, signature);
    return { serverName, peers: this.#peers, verify };
  }

  /**
   * Builds and judges one event without writing it: one that another server signs first. Throws what sending throws.
   */
  async draft<T extends PlannedEvent | undefined>(room: RoomNumber, users: readonly string[], fill: FillPlan<T>) {
    await this.#untilDecidable(room, users);
    return await this.#rooms.exclusively(room, async (current) => {
      await this.#prepare(current, users);
      return await fill(new RoomPlan(current, this.planTools()), current);
    });
  }

  /** Commits a plan that was made outside {@link append}: a room that did not exist before. */
  commit(plan: RoomPlan, also?: AlsoWrite): Promise<readonly RoomEvent[]> {
    return commitPlan(plan, this.#context, this.#rooms, also);
  }

  /**
   * What is decided about a user of another server of whom a room does not know whether they are in it, waits until it
   * does. Throws where that takes too long.
   */
  async #untilDecidable(number: RoomNumber, users: readonly string[]): Promise<void> {
    const room = await this.#rooms.get(number);
    if (room.partial === undefined) return;
    await this.#rooms.ensureMembers(room, users);
    const isUnknown = (user: string): boolean =>
      serverOf(user) !== this.#context.serverName && room.state('m.room.member', user) === undefined;
    if (users.some(isUnknown)) await this.#rooms.partial.whenWhole(room);
  }

  async #prepare(room: Room, users: readonly string[]): Promise<void> {
    await this.#rooms.ensureMembers(room, users);
    // Room versions 1 and 2 cite events together with their hash.
    if (room.rules.eventReferences === 'pairs') {
      const cited = await this.#rooms.events.get(room.extremities.map((one) => one.eventId));
      room.remember(...cited);
    }
  }

  /**
   * Sends one event. Answers a repeated transaction id with the first event's id, also while the first is on its
   * way. Throws `M_FORBIDDEN`, `M_TOO_LARGE` and the errors of the event's form.
   */
  async send(request: SendRequest): Promise<EventId> {
    const number = await this.#rooms.findNumber(request.roomId);
    if (number === undefined) throw new MatrixError('M_FORBIDDEN', 'You are not joined to this room');
    const { transactionId } = request;
    if (transactionId === undefined) return await this.#sendOnce(number, request, undefined);
    const key: TransactionKey = {
      user: request.sender,
      device: request.device,
      scope: `${request.redacts === undefined ? 'send' : 'redact'} ${request.roomId}`,
      transactionId,
    };
    return await this.#inFlight.run(JSON.stringify(key), async () => {
      const before = await this.#transactions.find(key);
      if (before !== undefined) return before;
      try {
        return await this.#sendOnce(number, request, key);
      } finally {
        await this.#transactions.note(key);
      }
    });
  }

  async #sendOnce(number: RoomNumber, request: SendRequest, key: TransactionKey | undefined): Promise<EventId> {
    const users: string[] = [request.sender];
    if (request.type === 'm.room.member' && request.stateKey !== undefined) users.push(request.stateKey);
    const authoriser = getString(request.content, 'join_authorised_via_users_server');
    if (authoriser !== undefined) users.push(authoriser);
    let eventId: EventId | undefined;
    const { result } = await this.append(
      number,
      users,
      async (plan, room) => {
        const same = unchangedState(room, request);
        if (same !== undefined) return same;
        await this.#checkAnnotation(room, request);
        eventId = plan.add(await this.#draftOf(room, request)).built.pdu.eventId;
        return eventId;
      },
      (transaction) => {
        if (key === undefined || eventId === undefined) return;
        transaction.events.recordTransaction({ ...key, event: eventId, sentAt: this.#context.clock.now() });
      },
    );
    return result;
  }

  async #draftOf(room: Room, request: SendRequest): Promise<EventDraft> {
    const { sender, type, stateKey, content } = request;
    const draft = { sender, type, content, ...(stateKey !== undefined && { stateKey }) };
    const redacts = request.redacts ?? (type === 'm.room.redaction' ? contentRedacts(content) : undefined);
    if (redacts === undefined) return draft;
    const target = await this.#requireRedactable(room, sender, redacts);
    const redactionTarget = target === undefined ? {} : { redactionTarget: target };
    // "In rooms with a version older than 11 they MUST move the `redacts` property … to the top level of the event."
    const { redacts: _, ...rest } = content;
    if (room.rules.redactsInContent) return { ...draft, ...redactionTarget, content: { ...rest, redacts } };
    return { ...draft, ...redactionTarget, content: rest, redacts };
  }

  /** The stored event to redact; `undefined` where the redaction changes nothing. */
  async #requireRedactable(room: Room, sender: UserId, redacts: EventId): Promise<StoredEvent | undefined> {
    // What was sent a moment ago must be in the store before its stored form can be replaced.
    await room.settled;
    const event = await this.#rooms.findEvent(room, redacts);
    const stored = (await this.#context.store.events.getEvents([redacts]))[0];
    if (event === undefined || stored === undefined)
      throw new MatrixError('M_NOT_FOUND', 'There is no such event here');
    const levels = powerLevelsOf(room.lookup, room.rules);
    // "Any user … may redact their own events; others need the `redact` level."
    if (event.pdu.sender !== sender && levels.powerLevelOf(sender) < levels.level('redact')) {
      throw new MatrixError('M_FORBIDDEN', 'You may not redact events of others here');
    }
    // The room hangs on its create event: it is never redacted (adv-015). And nothing is redacted twice.
    return event.pdu.type === 'm.room.create' || stored.redactedBy !== undefined ? undefined : stored;
  }

  /** "A user … may only add one annotation with the same key": the second gets `M_DUPLICATE_ANNOTATION`. */
  async #checkAnnotation(room: Room, request: SendRequest): Promise<void> {
    const relatesTo = getObject(request.content, 'm.relates_to');
    if (getString(relatesTo, 'rel_type') !== 'm.annotation') return;
    const parent = parseEventId(getString(relatesTo, 'event_id') ?? '');
    const key = getString(relatesTo, 'key');
    if (parent === undefined || key === undefined) return;
    await room.settled;
    const rows = await this.#context.store.events.pageRelations({
      room: room.number,
      parent,
      relType: 'm.annotation',
      type: request.type,
      direction: 'backwards',
      limit: 1_000,
    });
    const events = await this.#rooms.events.load(rows);
    const twin = events.some((one) => one.pdu.sender === request.sender && relationOf(one.pdu)?.key === key);
    if (twin) throw new MatrixError('M_DUPLICATE_ANNOTATION', 'You have already reacted with this');
  }
}

function contentRedacts(content: JsonObject): EventId | undefined {
  const value = getString(content, 'redacts');
  return value === undefined ? undefined : parseEventId(value);
}

/** A state event that says what the state says already is not sent again: its id is answered. */
function unchangedState(room: Room, request: SendRequest): EventId | undefined {
  if (request.stateKey === undefined || request.type === 'm.room.member') return undefined;
  const current = room.state(request.type, request.stateKey);
  if (current === undefined || current.pdu.sender !== request.sender) return undefined;
  return jsonEquals(current.pdu.content, request.content) ? current.eventId : undefined;
}

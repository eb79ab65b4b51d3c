/** Verification by comparing emoji, with another device or another person. */
import {
  DeviceId,
  OwnUserIdentity,
  Qr,
  EventId,
  RoomId,
  UserId,
  VerificationMethod,
  VerificationRequestPhase,
  type OtherUserIdentity,
  type Sas,
  type VerificationRequest,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import { sendMessage } from '../../matrix/api/client-server/sendMessage.ts';
import { freshId } from '../environment.ts';
import type { RoomEvent } from '../events.ts';
import { toWireEvent } from '../events.ts';
import { asObject, parseJson } from '../json.ts';
import { OperationError } from '../../matrix/errors.ts';
import { SerialQueue, type CryptoContext } from './context.ts';
import type { Verification, VerificationPhase } from './face.ts';
import type { MachineRequest } from './requests.ts';

/** More events of verifications than any flow has. */
const HELD_MAX = 100;

const METHODS = () => [VerificationMethod.SasV1];

function sasOf(request: VerificationRequest): Sas | undefined {
  const verification = request.getVerification();
  return verification === undefined || verification instanceof Qr ? undefined : verification;
}

function phaseOf(request: VerificationRequest, sas: Sas | undefined): VerificationPhase {
  if (request.isCancelled() || request.timedOut() || sas?.isCancelled() === true) return 'cancelled';
  if (request.isDone() || sas?.isDone() === true) return 'done';
  if (sas?.haveWeConfirmed() === true) return 'confirmed';
  if (sas?.canBePresented() === true) return 'compare';
  if (request.phase() === VerificationRequestPhase.Requested && !request.weStarted()) return 'requested';
  return 'waiting';
}

function snapshot(request: VerificationRequest): Verification {
  const sas = sasOf(request);
  const phase = phaseOf(request, sas);
  const indexes = phase === 'compare' || phase === 'confirmed' ? [...(sas?.emojiIndex() ?? [])] : [];
  const emojis = indexes.length === 0 ? [] : (sas?.emoji() ?? []);
  const cancel = request.cancelInfo ?? sas?.cancelInfo();
  const deviceId = request.otherDeviceId?.toString();
  return {
    flowId: request.flowId,
    userId: request.otherUserId.toString(),
    isSelf: request.isSelfVerification(),
    weStarted: request.weStarted(),
    phase,
    emojis: emojis.map(({ symbol, description }, at) => ({ symbol, description, index: indexes[at] ?? 0 })),
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(cancel === undefined ? {} : { cancelledByUs: cancel.cancelledbyUs(), cancelCode: cancel.cancelCode() }),
  };
}

export class Verifications {
  readonly #context: CryptoContext;
  readonly #announce: (verification: Verification) => void;
  readonly #watched = new Map<string, VerificationRequest>();
  readonly #sasWatched = new Set<string>();
  /** Two steps of one flow at a time would start it twice, and the machine would cancel it. */
  readonly #steps = new SerialQueue();
  readonly #starts = new SerialQueue();
  /** The room in which a request of ours is on its way out, with what has come in there meanwhile. */
  #held: { readonly roomId: string; readonly events: RoomEvent[] } | undefined;

  constructor(context: CryptoContext, announce: (verification: Verification) => void) {
    this.#context = context;
    this.#announce = announce;
  }

  async #send(request: MachineRequest | undefined): Promise<void> {
    if (request !== undefined) await this.#context.send(request);
  }

  #watch(request: VerificationRequest): void {
    if (!this.#watched.has(request.flowId)) {
      this.#watched.set(request.flowId, request);
      request.registerChangesCallback(async () => {
        // The machine holds its lock while it calls: what asks it again must come later.
        queueMicrotask(() => void this.#advance(request).catch(() => undefined));
      });
    }
    this.#announce(snapshot(request));
  }

  #advance(request: VerificationRequest): Promise<void> {
    return this.#steps.run(() => this.#step(request));
  }

  /** Drives the flow as far as it goes without the person: start, accept, present. */
  async #step(request: VerificationRequest): Promise<void> {
    const isOpen = request.phase() === VerificationRequestPhase.Ready && request.getVerification() === undefined;
    if (isOpen && request.weStarted()) {
      const started = await request.startSas();
      if (started !== undefined) await this.#send(started[1]);
    }
    const sas = sasOf(request);
    if (sas !== undefined && !this.#sasWatched.has(request.flowId)) {
      this.#sasWatched.add(request.flowId);
      sas.registerChangesCallback(async () => {
        queueMicrotask(() => void this.#advance(request).catch(() => undefined));
      });
      if (!sas.weStarted()) await this.#send(sas.accept());
    }
    this.#announce(snapshot(request));
    if (request.isDone() || request.isCancelled()) {
      this.#watched.delete(request.flowId);
      // The machine makes its signatures after it has told that the flow is done: those that are not there yet
      // go out with the flush after the sync that brought the last word.
      await this.#context.flush();
    }
  }

  /** After a sync: announces requests that have come in, and goes on with those that wait. */
  async onSync(senders: readonly string[]): Promise<void> {
    for (const userId of new Set([...senders, this.#context.userId])) {
      for (const request of this.#context.machine.getVerificationRequests(new UserId(userId))) {
        if (request.isDone() || request.isCancelled() || request.isPassive()) continue;
        if (!this.#watched.has(request.flowId)) this.#watch(request);
      }
    }
    for (const request of this.#watched.values()) await this.#advance(request);
  }

  async start(target: { userId: string; deviceId?: string; roomId?: string }): Promise<string> {
    const { machine } = this.#context;
    await this.#context.send(machine.queryKeysForUsers([new UserId(target.userId)]));
    if (target.deviceId !== undefined) {
      const device = await machine.getDevice(new UserId(target.userId), new DeviceId(target.deviceId));
      if (device === undefined) throw new OperationError('no-such-device', { temporary: false });
      const [request, outgoing] = device.requestVerification(METHODS());
      return this.#begin(request, outgoing);
    }
    const identity = await machine.getIdentity(new UserId(target.userId));
    if (identity === undefined) throw new OperationError('no-identity', { temporary: false });
    if (identity instanceof OwnUserIdentity) {
      const [request, outgoing] = await identity.requestVerification(METHODS());
      return this.#begin(request, outgoing);
    }
    if (target.roomId === undefined) throw new OperationError('no-room', { temporary: false });
    const { roomId } = target;
    return this.#starts.run(() => this.#startInRoom(identity, roomId));
  }

  async #begin(request: VerificationRequest, outgoing: MachineRequest): Promise<string> {
    this.#watch(request);
    await this.#send(outgoing);
    return request.flowId;
  }

  /**
   * "To request verification of another user, send an m.room.message with msgtype m.key.verification.request". The
   * other side may have answered before we know the id of our own event, which names the flow: what comes in
   * meanwhile is kept for the machine until it knows.
   */
  async #startInRoom(identity: OtherUserIdentity, roomId: string): Promise<string> {
    const content = asObject(parseJson(identity.verificationRequestContent(METHODS()))) ?? {};
    const txnId = freshId(this.#context.environment);
    const events: RoomEvent[] = [];
    this.#held = { roomId, events };
    try {
      const answer = await this.#context.api.call(sendMessage, {
        path: { roomId, eventType: 'm.room.message', txnId },
        body: { ...content },
      });
      const request = identity.requestVerification(new RoomId(roomId), new EventId(answer.event_id), METHODS());
      this.#watch(request);
      return request.flowId;
    } finally {
      this.#held = undefined;
      for (const event of events) await this.receiveInRoom(event, roomId);
    }
  }

  #require(userId: string, flowId: string): VerificationRequest {
    const request =
      this.#watched.get(flowId) ?? this.#context.machine.getVerificationRequest(new UserId(userId), flowId);
    if (request === undefined) throw new OperationError('no-such-verification', { temporary: false });
    return request;
  }

  async accept(userId: string, flowId: string): Promise<void> {
    const request = this.#require(userId, flowId);
    await this.#send(request.acceptWithMethods(METHODS()));
    await this.#advance(request);
  }

  async confirm(userId: string, flowId: string): Promise<void> {
    const request = this.#require(userId, flowId);
    for (const outgoing of (await sasOf(request)?.confirm()) ?? []) await this.#send(outgoing);
    await this.#context.flush();
    await this.#advance(request);
  }

  async cancel(userId: string, flowId: string): Promise<void> {
    const request = this.#require(userId, flowId);
    await this.#send(request.cancel());
    await this.#advance(request);
  }

  /** Gives the machine an event of a verification in a room, once it can know which flow it belongs to. */
  async receiveInRoom(event: RoomEvent, roomId: string): Promise<void> {
    if (this.#held?.roomId === roomId && this.#held.events.length < HELD_MAX) {
      this.#held.events.push(event);
      return;
    }
    const clear = event.clear ?? { type: event.type, content: event.content };
    const wire = { ...toWireEvent(event, roomId), type: clear.type, content: clear.content };
    const { machine } = this.#context;
    // The machine ignores a request from a device it has not heard of.
    const known = await machine.getUserDevices(new UserId(event.sender), 0);
    if (known.keys().length === 0) await this.#context.send(machine.queryKeysForUsers([new UserId(event.sender)]));
    await machine.receiveVerificationEvent(JSON.stringify(wire), new RoomId(roomId));
    await this.onSync([event.sender]);
    await this.#context.flush();
  }
}

/** Send-to-device messaging. The face of the folder. */
import { jsonText } from '../../matrix/json-input.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type DeviceId, serverOf, type ServerName, type UserId, utf8Length } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { KeyedQueue } from '../../lib/queue.ts';
import type { Transaction } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import { type Addressed, directToDeviceEdus, readDirectToDevice } from './edus.ts';

export interface ToDeviceRequest {
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly transactionId: string;
  readonly type: string;
  /** User → device (or `*` for all of them) → content. */
  readonly messages: ReadonlyMap<UserId, ReadonlyMap<string, JsonObject>>;
}

interface Delivery {
  readonly user: UserId;
  readonly to: DeviceId;
  readonly json: string;
}

const CONTENT_BYTES_MAX = 65_536;
/** Messages in one request. */
const MESSAGES_MAX = 10_000;
/** "message_id: … of maximum length 32 codepoints". */
const MESSAGE_ID_LENGTH = 24;

export class ToDevice {
  readonly #context: Context;
  readonly #peers: Pick<Peers, 'allows'>;
  readonly #inFlight = new KeyedQueue<string>();

  constructor(context: Context, peers: Pick<Peers, 'allows'>) {
    this.#context = context;
    this.#peers = peers;
  }

  /**
   * Queues the messages for their devices and for other servers, once for a transaction id. Unknown users and devices
   * are skipped.
   */
  async send(request: ToDeviceRequest): Promise<void> {
    const { sender, device } = request;
    const transactionId = `${request.type} ${request.transactionId}`;
    const key = JSON.stringify([sender, device, transactionId]);
    await this.#inFlight.run(key, async () => {
      const { store, clock, stream } = this.#context;
      if (await store.keys.findToDeviceTransaction(sender, device, transactionId)) return;
      const messages = addressed(request);
      const deliveries = await this.#deliveries(request, messages);
      const edus = this.#edus(request, messages);
      await store.transact((one) => {
        one.keys.recordToDeviceTransaction(sender, device, transactionId, clock.now());
        this.#put(deliveries, one);
        for (const [server, texts] of edus) {
          for (const json of texts) one.federation.putOutboundEdu(server, json);
          one.onCommit(() => stream.publish({ kind: 'outbound-edu', server }));
        }
      });
    });
  }

  /**
   * Takes in an `m.direct_to_device` of another server, once for its `message_id`: only from its own users, and only
   * for users and devices that are here.
   */
  async receive(origin: ServerName, content: JsonObject): Promise<void> {
    const received = readDirectToDevice(content, origin);
    if (received === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no to-device message of this server');
    // In order for each server, so that none of its messages overtakes another.
    await this.#inFlight.run(origin, async () => {
      const { store, clock } = this.#context;
      const { messageId, messages } = received;
      if (await store.federation.hasReceivedMessage(origin, messageId)) return;
      const deliveries = await this.#deliveries(received, messages);
      if (deliveries.length === 0) return;
      await store.transact((one) => {
        one.federation.recordReceivedMessage(origin, messageId, clock.now());
        this.#put(deliveries, one);
      });
    });
  }

  #put(deliveries: readonly Delivery[], transaction: Transaction): void {
    const { stream } = this.#context;
    for (const { user, to, json } of deliveries) {
      const position = transaction.advance();
      transaction.keys.putToDevice(user, to, json);
      transaction.onCommit(() => stream.publish({ kind: 'to-device', position, user, device: to }));
    }
  }

  async #deliveries(
    { sender, type }: { readonly sender: UserId; readonly type: string },
    messages: readonly Addressed[],
  ): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    const devices = new Map<UserId, readonly DeviceId[]>();
    for (const { user, device, content } of messages) {
      if (serverOf(user) !== this.#context.serverName) continue;
      const text = jsonText(content);
      if (utf8Length(text) > CONTENT_BYTES_MAX) throw new MatrixError('M_TOO_LARGE', 'A message is larger than 64 KiB');
      const json = `{"content":${text},"sender":${JSON.stringify(sender)},"type":${JSON.stringify(type)}}`;
      const known = devices.get(user) ?? (await this.#devicesOf(user));
      devices.set(user, known);
      // "a device ID of `*` … means all known devices for the user".
      const targets = device === '*' ? known : known.filter((one) => one === device);
      for (const to of targets) deliveries.push({ user, to, json });
    }
    if (deliveries.length > MESSAGES_MAX) throw new MatrixError('M_TOO_LARGE', 'Too many messages in one request');
    return deliveries;
  }

  async #devicesOf(user: UserId): Promise<DeviceId[]> {
    return (await this.#context.store.accounts.listDevices(user)).map((one) => one.device);
  }

  #edus(request: ToDeviceRequest, messages: readonly Addressed[]): Map<ServerName, string[]> {
    const byServer = new Map<ServerName, Addressed[]>();
    for (const message of messages) {
      const server = serverOf(message.user);
      if (server === undefined || server === this.#context.serverName || !this.#peers.allows(server)) continue;
      const some = byServer.get(server);
      if (some === undefined) byServer.set(server, [message]);
      else some.push(message);
    }
    const newId = (): string => this.#context.random.token(MESSAGE_ID_LENGTH);
    return new Map([...byServer].map(([server, some]) => [server, directToDeviceEdus(request, some, newId)]));
  }
}

function addressed({ messages }: ToDeviceRequest): Addressed[] {
  const list: Addressed[] = [];
  for (const [user, byDevice] of messages) {
    for (const [device, content] of byDevice) list.push({ user, device, content });
  }
  if (list.length > MESSAGES_MAX) throw new MatrixError('M_TOO_LARGE', 'Too many messages in one request');
  return list;
}

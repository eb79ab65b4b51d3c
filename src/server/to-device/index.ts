/** Send-to-device messaging. The face of the folder. */
import { jsonText } from '../../matrix/json-input.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { type DeviceId, serverOf, type UserId, utf8Length } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { KeyedQueue } from '../../lib/queue.ts';
import type { Context } from '../context.ts';

export interface ToDeviceRequest {
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly transactionId: string;
  readonly type: string;
  /** User → device (or `*` for all of them) → content. */
  readonly messages: ReadonlyMap<UserId, ReadonlyMap<string, JsonObject>>;
}

const CONTENT_BYTES_MAX = 65_536;
/** Messages in one request. */
const MESSAGES_MAX = 10_000;

export class ToDevice {
  readonly #context: Context;
  readonly #inFlight = new KeyedQueue<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Queues the messages for their devices, once for a transaction id. Unknown users and devices are skipped. */
  async send(request: ToDeviceRequest): Promise<void> {
    const { sender, device } = request;
    const transactionId = `${request.type} ${request.transactionId}`;
    const key = JSON.stringify([sender, device, transactionId]);
    await this.#inFlight.run(key, async () => {
      const { store, clock, stream } = this.#context;
      if (await store.keys.findToDeviceTransaction(sender, device, transactionId)) return;
      const deliveries = await this.#deliveries(request);
      await store.transact((one) => {
        one.keys.recordToDeviceTransaction(sender, device, transactionId, clock.now());
        for (const { user, to, json } of deliveries) {
          const position = one.advance();
          one.keys.putToDevice(user, to, json);
          one.onCommit(() => stream.publish({ kind: 'to-device', position, user, device: to }));
        }
      });
    });
  }

  async #deliveries({
    sender,
    type,
    messages,
  }: ToDeviceRequest): Promise<{ user: UserId; to: DeviceId; json: string }[]> {
    const deliveries: { user: UserId; to: DeviceId; json: string }[] = [];
    for (const [user, byDevice] of messages) {
      if (serverOf(user) !== this.#context.serverName) continue;
      const known = (await this.#context.store.accounts.listDevices(user)).map((one) => one.device);
      for (const [target, content] of byDevice) {
        const text = jsonText(content);
        if (utf8Length(text) > CONTENT_BYTES_MAX)
          throw new MatrixError('M_TOO_LARGE', 'A message is larger than 64 KiB');
        const json = `{"content":${text},"sender":${JSON.stringify(sender)},"type":${JSON.stringify(type)}}`;
        // "a device ID of `*` … means all known devices for the user".
        const devices = target === '*' ? known : known.filter((one) => one === target);
        for (const to of devices) deliveries.push({ user, to, json });
      }
    }
    if (deliveries.length > MESSAGES_MAX) throw new MatrixError('M_TOO_LARGE', 'Too many messages in one request');
    return deliveries;
  }
}

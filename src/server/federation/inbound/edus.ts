/** What comes from other servers and is no event: each kind goes to the service that it is about. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { JsonObject } from '../../../matrix/json.ts';
import type { Keys } from '../../keys/index.ts';
import type { ToDevice } from '../../to-device/index.ts';
import { EphemeralReceiver, type EphemeralReceiverParts } from '../ephemeral/receiver.ts';

export interface EduParts extends EphemeralReceiverParts {
  readonly keys: Keys;
  readonly toDevice: ToDevice;
}

export class InboundEdus {
  readonly #parts: EduParts;
  readonly #ephemeral: EphemeralReceiver;

  constructor(parts: EduParts) {
    this.#parts = parts;
    this.#ephemeral = new EphemeralReceiver(parts);
  }

  /** Takes one EDU in; kinds that are not known are ignored. Throws a `MatrixError` for one that is wrong. */
  async receive(origin: ServerName, type: string, content: JsonObject): Promise<void> {
    const { toDevice, keys } = this.#parts;
    switch (type) {
      case 'm.direct_to_device':
        await toDevice.receive(origin, content);
        return;
      case 'm.device_list_update':
        await keys.remote.lists.receiveUpdate(origin, content);
        return;
      case 'm.signing_key_update':
        await keys.remote.lists.receiveIdentity(origin, content);
        return;
      case 'm.typing':
        await this.#ephemeral.typing(origin, content);
        return;
      case 'm.receipt':
        await this.#ephemeral.receipts(origin, content);
        return;
      case 'm.presence':
        await this.#ephemeral.presence(origin, content);
        return;
      default:
        return;
    }
  }
}

/** What comes from other servers and is no event: each kind goes to the service that it is about. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { JsonObject } from '../../../matrix/json.ts';
import { EphemeralEdus, type EphemeralParts } from './ephemeral-edus.ts';
import type { ToDevice } from '../../to-device/index.ts';

export interface EduParts extends EphemeralParts {
  readonly toDevice: ToDevice;
}

export class InboundEdus {
  readonly #parts: EduParts;
  readonly #ephemeral: EphemeralEdus;

  constructor(parts: EduParts) {
    this.#parts = parts;
    this.#ephemeral = new EphemeralEdus(parts);
  }

  /** Takes one EDU in; kinds that are not known are ignored. Throws a `MatrixError` for one that is wrong. */
  async receive(origin: ServerName, type: string, content: JsonObject): Promise<void> {
    const { toDevice } = this.#parts;
    switch (type) {
      case 'm.direct_to_device':
        await toDevice.receive(origin, content);
        return;
      case 'm.typing':
        await this.#ephemeral.typing(origin, content);
        return;
      case 'm.receipt':
        await this.#ephemeral.receipts(origin, content);
        return;
      case 'm.presence':
        this.#ephemeral.presence(origin, content);
        return;
      default:
        return;
    }
  }
}

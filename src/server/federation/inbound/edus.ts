/** What comes from other servers and is no event: each kind goes to the service that it is about. */
import type { ServerName } from '../../../matrix/ids.ts';
import type { JsonObject } from '../../../matrix/json.ts';
import type { ToDevice } from '../../to-device/index.ts';

export interface EduParts {
  readonly toDevice: ToDevice;
}

export class InboundEdus {
  readonly #parts: EduParts;

  constructor(parts: EduParts) {
    this.#parts = parts;
  }

  /** Takes one EDU in; kinds that are not known are ignored. Throws a `MatrixError` for one that is wrong. */
  async receive(origin: ServerName, type: string, content: JsonObject): Promise<void> {
    const { toDevice } = this.#parts;
    switch (type) {
      case 'm.direct_to_device':
        await toDevice.receive(origin, content);
        return;
      default:
        return;
    }
  }
}

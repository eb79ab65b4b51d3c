import { RequestType, UserId, type OlmMachine } from '@matrix-org/matrix-sdk-crypto-wasm';
import type { Api } from '../api/call.ts';
import type { ClientEnvironment } from '../environment.ts';
import { asObject, parseJson } from '../json.ts';
import { sendRequest, type MachineRequest } from './requests.ts';

/** Runs tasks one after the other: the machine's ratchets allow no two at a time. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  run<R>(task: () => Promise<R>): Promise<R> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

/** What all parts of the glue share. */
export class CryptoContext {
  readonly outgoing = new SerialQueue();
  readonly machine: OlmMachine;
  readonly api: Api;
  readonly environment: ClientEnvironment;
  readonly userId: string;
  readonly deviceId: string;

  constructor(options: {
    machine: OlmMachine;
    api: Api;
    environment: ClientEnvironment;
    userId: string;
    deviceId: string;
  }) {
    this.machine = options.machine;
    this.api = options.api;
    this.environment = options.environment;
    this.userId = options.userId;
    this.deviceId = options.deviceId;
  }

  async send(request: MachineRequest): Promise<void> {
    await sendRequest(this.machine, this.api, request);
    // A signature counts for the machine once it comes back from the server: ask, whatever the server announces.
    if (request.type !== RequestType.SignatureUpload) return;
    const signed = Object.keys(asObject(parseJson(request.body)) ?? {}).map((id) => new UserId(id));
    if (signed.length > 0) await sendRequest(this.machine, this.api, this.machine.queryKeysForUsers(signed));
  }

  /** Sends everything the machine has waiting, until it has nothing more. */
  flush(): Promise<void> {
    return this.outgoing.run(async () => {
      const ROUNDS_MAX = 10;
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        const requests = await this.machine.outgoingRequests();
        if (requests.length === 0) return;
        for (const request of requests) await this.send(request);
      }
    });
  }
}

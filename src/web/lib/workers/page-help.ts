/** What only pages can do, asked of one that is there: WebRTC channels for the engine's worker. */
import type { DirectChannel, DirectPlace, FromPage } from '../../../client/routes/direct.ts';
import { RouteFailure } from '../../../client/routes/failures.ts';

interface Helper {
  readonly port: MessagePort;
  readonly gone: AbortSignal;
}

/** A channel on its port. What comes before anybody listens is kept for whoever does. */
class PortChannel implements DirectChannel {
  readonly clientFingerprint: string;
  readonly #port: MessagePort;
  readonly #early: Uint8Array[] = [];
  #listener: ((bytes: Uint8Array) => void) | undefined;
  onClosed: (() => void) | undefined;

  constructor(clientFingerprint: string, port: MessagePort) {
    this.clientFingerprint = clientFingerprint;
    this.#port = port;
  }

  get onMessage(): ((bytes: Uint8Array) => void) | undefined {
    return this.#listener;
  }

  set onMessage(listener: ((bytes: Uint8Array) => void) | undefined) {
    this.#listener = listener;
    for (const bytes of this.#early.splice(0)) listener?.(bytes);
  }

  take(bytes: Uint8Array): void {
    if (this.#listener === undefined) this.#early.push(bytes);
    else this.#listener(bytes);
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    this.#port.postMessage(bytes.buffer, [bytes.buffer]);
  }

  close(): void {
    this.#port.postMessage('close');
  }
}

export class PageHelp {
  readonly #helpers: Helper[] = [];

  /** A page is there until the signal aborts. */
  add(port: MessagePort, gone: AbortSignal): void {
    const helper = { port, gone };
    this.#helpers.push(helper);
    gone.addEventListener('abort', () => void this.#helpers.splice(this.#helpers.indexOf(helper), 1));
  }

  /** Has a page open a channel. It lives no longer than that page. */
  open(place: DirectPlace, signal: AbortSignal): Promise<DirectChannel> {
    const helper = this.#helpers.at(-1);
    if (helper === undefined) return Promise.reject(new RouteFailure('unreachable'));
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        port1.close();
        channel?.onClosed?.();
        reject(new RouteFailure('unreachable'));
      };
      let channel: PortChannel | undefined;
      port1.onmessage = ({ data }: MessageEvent<FromPage>) => {
        if (data.kind === 'closed') end();
        else if (data.kind === 'opened') {
          channel = new PortChannel(data.clientFingerprint, port1);
          resolve(channel);
        } else channel?.take(new Uint8Array(data.bytes));
      };
      helper.gone.addEventListener('abort', end);
      signal.addEventListener('abort', end);
      helper.port.postMessage(place, [port2]);
    });
  }
}

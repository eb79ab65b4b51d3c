/**
 * WebRTC-direct: a UDP port that browsers reach by address and fingerprint, without a name, an authority or a
 * signalling server, and that is silent to everybody without its secret (DEPLOYMENT §11). The library runs in a
 * process of its own, which is started again when it ends.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { defer } from '../../lib/deferred.ts';
import { Mux, type MuxStream } from '../../matrix/routes/mux.ts';
import { siblingUrl } from '../../lib/sibling-url.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { type DirectStart, type FromChild, isFromChild, type ToChild } from './messages.ts';

export { type DirectCertificate, openDirectCertificate } from './certificate.ts';

export interface DirectGuest {
  /** Where it comes from. */
  readonly address: string;
  /** Fingerprint of its certificate. */
  readonly clientFingerprint: string;
}

export interface DirectOptions extends Omit<DirectStart, 'kind'> {
  readonly clock: Clock;
  readonly log: Log;
  /** What the server says of an open channel first. */
  binding(guest: DirectGuest): string;
  /** Bytes that make channels differ in their beginnings. */
  padding(): Uint8Array;
  onStream(stream: MuxStream, head: string, guest: DirectGuest): void;
}

export interface DirectPort {
  setSecrets(secrets: readonly Uint8Array[]): void;
  /** The process of the port, while there is one. */
  readonly processId: number | undefined;
  /** Resolves when the port is bound; again after the process has been started again. */
  listening(): Promise<void>;
  close(): void;
}

const RESTART_FIRST_MS = 500;
const RESTART_MAX_MS = 30_000;
/** A process that has lived so long was not ended by what it began with. */
const SETTLED_MS = 60_000;

class Supervisor implements DirectPort {
  readonly #options: DirectOptions;
  readonly #channels = new Map<number, Mux>();
  #child: ChildProcess | undefined;
  #secrets: readonly Uint8Array[] = [];
  #delayMs = RESTART_FIRST_MS;
  #isClosed = false;
  #listening = defer<void>();

  constructor(options: DirectOptions) {
    this.#options = options;
    this.#launch();
  }

  setSecrets(secrets: readonly Uint8Array[]): void {
    this.#secrets = secrets;
    this.#tell({ kind: 'secrets', secrets });
  }

  get processId(): number | undefined {
    return this.#child?.pid;
  }

  listening(): Promise<void> {
    return this.#listening.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#child?.kill();
    this.#forgetChannels();
  }

  #launch(): void {
    const { clock, log, address, port, certificateFile, keyFile } = this.#options;
    const startedAt = clock.monotonic();
    const child = fork(fileURLToPath(siblingUrl(import.meta.url, './port-worker')), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {},
    });
    this.#child = child;
    child.on('message', (message) => {
      if (isFromChild(message)) this.#take(message);
    });
    child.on('error', () => undefined);
    child.once('exit', () => {
      this.#forgetChannels();
      this.#child = undefined;
      this.#listening = defer<void>();
      if (this.#isClosed) return;
      if (clock.monotonic() - startedAt > SETTLED_MS) this.#delayMs = RESTART_FIRST_MS;
      log.warn('The process of the WebRTC port has ended; it is started again');
      clock.schedule(this.#delayMs, () => {
        if (this.#isClosed) return;
        this.#launch();
      });
      this.#delayMs = Math.min(this.#delayMs * 2, RESTART_MAX_MS);
    });
    this.#tell({ kind: 'start', address, port, certificateFile, keyFile });
    this.#tell({ kind: 'secrets', secrets: this.#secrets });
  }

  #tell(message: ToChild): void {
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }

  #take(message: FromChild): void {
    if (message.kind === 'listening') this.#listening.resolve();
    else if (message.kind === 'opened') this.#open(message.id, message);
    else if (message.kind === 'closed') this.#forget(message.id);
    else if (message.kind === 'message' && this.#channels.get(message.id)?.receive(message.bytes) === false) {
      this.#tell({ kind: 'close', id: message.id });
      this.#forget(message.id);
    }
  }

  #open(id: number, { address, clientFingerprint }: DirectGuest): void {
    const { binding, padding, onStream } = this.#options;
    const guest = { address, clientFingerprint };
    const mux = new Mux({
      send: (bytes) => this.#tell({ kind: 'send', id, bytes }),
      onStream: (stream, head) => onStream(stream, head, guest),
    });
    this.#channels.set(id, mux);
    mux.pad(padding());
    mux.bind(binding(guest));
  }

  #forget(id: number): void {
    this.#channels.get(id)?.close();
    this.#channels.delete(id);
  }

  #forgetChannels(): void {
    for (const id of this.#channels.keys()) this.#forget(id);
  }
}

/** Opens the port. Until it is given secrets it is silent to everybody. */
export function openDirectPort(options: DirectOptions): DirectPort {
  return new Supervisor(options);
}

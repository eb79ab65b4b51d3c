/** One certificate of the configuration, with what is known of it. */
import { present } from '../../lib/assert.ts';
import { defer, type Deferred } from '../../lib/deferred.ts';
import { OperationError } from '../../matrix/errors.ts';
import type {
  Certificate,
  ChallengeKind,
  LiveCertificate,
  RenewalWindow,
  TlsChallenges,
} from '../../ports/certificates.ts';
import type { Clock } from '../../ports/clock.ts';
import { type CertificateFacts, factsOf, whyUnusable } from './check.ts';
import type { CertificateFolder } from './folder.ts';
import { type CertificateState, readState, type WantedRecord, writeState } from './state.ts';

export interface ManagedCertificate {
  /** Its name in the configuration. */
  readonly id: string;
  readonly names: readonly string[];
  /** None where it comes from another node. */
  readonly kind: ChallengeKind | undefined;
  readonly profile: string | undefined;
  /** The node that sends it. */
  readonly from: string | undefined;
  /** Nodes that it is sent to. */
  readonly shipTo: readonly string[];
}

interface Turn {
  readonly isBusy: boolean;
  readonly nextAt: number;
  readonly pauseMs: number;
}

export class Entry {
  readonly config: ManagedCertificate;
  /** Node → how the sending to it stands. */
  readonly shipping = new Map<string, Turn>();
  isBusy = false;
  window: RenewalWindow | undefined;
  askWindowAt = 0;
  /** Records that the attempt under way waits for. */
  records: readonly WantedRecord[] = [];
  /** Shown where there is no certificate yet. */
  placeholder: Certificate | undefined;
  readonly #folder: CertificateFolder;
  readonly #takers = new Set<(certificate: Certificate) => void>();
  #current: Certificate | undefined;
  #facts: CertificateFacts | undefined;
  /** It is for these names, with its key and a whole chain: found out once for each certificate. */
  #fits = false;
  #state: CertificateState;
  #ready: Deferred<void> | undefined;

  constructor(config: ManagedCertificate, folder: CertificateFolder) {
    this.config = config;
    this.#folder = folder;
    this.#take(folder.readCertificate(config.id));
    this.#state = readState(folder, config.id);
  }

  get current(): Certificate | undefined {
    return this.#current;
  }

  get facts(): CertificateFacts | undefined {
    return this.#facts;
  }

  /** Whether a listener can use it at a time. */
  isUsable(nowMs: number): boolean {
    return this.#fits && this.#facts !== undefined && this.#facts.validTo > nowMs;
  }

  get state(): CertificateState {
    return this.#state;
  }

  #take(certificate: Certificate | undefined): void {
    this.#facts = certificate && factsOf(certificate.certificate);
    // What cannot be read any more is as good as none.
    this.#current = this.#facts === undefined ? undefined : certificate;
    const wanted = { names: this.config.names, nowMs: Number.NEGATIVE_INFINITY };
    this.#fits = this.#current !== undefined && whyUnusable(this.#current, wanted) === undefined;
  }

  /** Keeps a successor, durably, and hands it to the listeners. */
  store(certificate: Certificate): void {
    this.#folder.writeCertificate(this.config.id, certificate);
    this.#take(certificate);
    for (const take of this.#takers) take(certificate);
  }

  change(changes: Partial<CertificateState>): void {
    this.#state = { ...this.#state, ...changes };
    writeState(this.#folder, this.config.id, this.#state);
  }

  /** What a listener shows. */
  live(challenges: TlsChallenges): LiveCertificate {
    const current = (): Certificate => present(this.#current ?? this.placeholder, 'there is something to show');
    return {
      get current() {
        return current();
      },
      onRenewed: (take) => void this.#takers.add(take),
      challenges,
    };
  }

  /** Somebody says that the records are there. */
  setReady(): void {
    this.#ready?.resolve();
  }

  /** Resolves when {@link setReady} is called. Rejects after `timeoutMs`, or where `signal` ends. */
  async untilReady(limit: {
    readonly clock: Clock;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const ready = defer<void>();
    this.#ready = ready;
    const fail = (): void => ready.reject(new OperationError('timed out', { temporary: true }));
    const timer = limit.clock.schedule(limit.timeoutMs, fail);
    limit.signal.addEventListener('abort', fail, { once: true });
    try {
      await ready.promise;
    } finally {
      this.#ready = undefined;
      timer.cancel();
      limit.signal.removeEventListener('abort', fail);
    }
  }
}

/**
 * The certificates of this node: issued by an authority and renewed in time, or sent by another node; handed to
 * listeners, and sent on to the nodes that the configuration names. What is in use stays so until its successor is
 * durable.
 */
import type { Duplex } from 'node:stream';
import { present } from '../../lib/assert.ts';
import { errorCode } from '../../lib/error-code.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Authority, Certificate, Issued, LiveCertificate } from '../../ports/certificates.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Counter, Metrics } from '../../ports/metrics.ts';
import type { Random } from '../../ports/random.ts';
import type { ChallengeBoard } from './board.ts';
import { factsOf, isNewer, whyUnusable } from './check.ts';
import { Entry, type ManagedCertificate } from './entry.ts';
import type { CertificateFolder } from './folder.ts';
import { backOffMs, isLate, renewalAt } from './schedule.ts';
import { type Receipt, receiveCertificate, sendCertificate, type Shipment } from './shipping.ts';
import { type Action, takeRequest, type WantedRecord } from './state.ts';

export interface ManagerOptions {
  readonly certificates: readonly ManagedCertificate[];
  readonly folder: CertificateFolder;
  readonly board: ChallengeBoard;
  /** None where all of them come from other nodes. */
  readonly authority: Authority | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Made for listeners whose certificate is not there yet. */
  makePlaceholder(names: readonly string[]): Promise<Certificate>;
  /** Opens a stream to a node for a purpose; `undefined` where there are no links. */
  readonly openStream: ((node: string, signal: AbortSignal) => Promise<Duplex>) | undefined;
}

/** How often it is looked whether something is to be done. */
const LOOK_MS = 2_000;
const SHIP_TIMEOUT_MS = 30_000;
const SHIP_AGAIN_MS = { first: 10_000, max: 600_000 } as const;
/** Somebody has to add records by hand; the order stands at least so long. */
const HAND_MS = 6 * 86_400_000;
/** Where the authority could not be asked for its wish. */
const ASK_AGAIN_MS = 3_600_000;

export class CertificateManager {
  readonly #options: ManagerOptions;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #abort = new AbortController();
  readonly #attempts: Counter;
  readonly #busy = new Set<Promise<void>>();
  #timer: Timer | undefined;

  private constructor(options: ManagerOptions, entries: readonly Entry[]) {
    this.#options = options;
    this.#entries = new Map(entries.map((entry) => [entry.config.id, entry]));
    this.#attempts = options.metrics.counter(
      'postern_certificate_attempts_total',
      'Certificates asked for, by outcome.',
      ['outcome'],
    );
    options.metrics.gauge('postern_certificate_seconds_left', 'Until the first certificate is over.', () => {
      const left = entries.map(({ facts }) => (facts === undefined ? 0 : facts.validTo - options.clock.now()));
      return Math.round(Math.min(...left) / 1_000);
    });
  }

  /** Reads what there is; where a certificate is not there yet, its listeners show something meanwhile. */
  static async open(options: ManagerOptions): Promise<CertificateManager> {
    const entries: Entry[] = [];
    for (const config of options.certificates) {
      const entry = new Entry(config, options.folder);
      if (entry.current === undefined) entry.placeholder = await options.makePlaceholder(config.names);
      entries.push(entry);
    }
    return new CertificateManager(options, entries);
  }

  /** What a listener shows. The certificate must be one of the configuration's. */
  live(id: string): LiveCertificate {
    const entry = present(this.#entries.get(id), 'the configuration was checked');
    return entry.live(this.#options.board);
  }

  /** Begins to look after them. */
  start(): void {
    this.#timer ??= this.#options.clock.schedule(0, () => this.#look());
  }

  /** A node is there again: what it has not got is sent now. */
  noteReachable(node: string): void {
    for (const entry of this.#entries.values()) entry.shipping.delete(node);
  }

  /** Stops, and waits for what is under way to stop. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#abort.abort();
    await Promise.all(this.#busy);
  }

  /** Takes a stream of a peer, who sends a certificate. */
  receive(peer: string, stream: Duplex): void {
    const { clock } = this.#options;
    this.#run(receiveCertificate(stream, (shipment) => this.#take(peer, shipment), clock).then(() => undefined));
  }

  /** Judges a certificate that a peer has sent, and keeps it. */
  #take(peer: string, { id, certificate, key }: Shipment): Receipt {
    const { clock, log } = this.#options;
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.config.from !== peer)
      return this.#refuse(peer, id, 'it is not to come from there');
    const why = whyUnusable({ certificate, key }, { names: entry.config.names, nowMs: clock.now() });
    const facts = factsOf(certificate);
    if (why !== undefined || facts === undefined) return this.#refuse(peer, id, why ?? 'it cannot be read');
    if (facts.fingerprint === entry.facts?.fingerprint) return 'same';
    if (!isNewer(facts, entry.facts)) return 'older';
    entry.store({ certificate, key });
    entry.change({ endedAt: clock.now(), failures: 0, why: undefined });
    log.info('a certificate came from another node', { certificate: id, peer, validTo: dateOf(facts.validTo) });
    return 'stored';
  }

  #refuse(peer: string, id: string, why: string): Receipt {
    this.#options.log.warn('a certificate of another node is not taken', { certificate: id, peer, why });
    return 'refused';
  }

  #look(): void {
    this.#timer = this.#options.clock.schedule(LOOK_MS, () => this.#look());
    for (const entry of this.#entries.values()) this.#run(this.#lookAt(entry));
  }

  /** One that fails, for a full disk or for a bug, does not keep the others from being looked at. */
  async #lookAt(entry: Entry): Promise<void> {
    const action = takeRequest(this.#options.folder, entry.config.id);
    if (action === 'ready') entry.setReady();
    if (action === 'ship') entry.change({ shipped: new Map() });
    if (this.#isDue(entry, action)) this.#run(this.#renew(entry));
    this.#askWindow(entry);
    this.#ship(entry);
  }

  #isDue(entry: Entry, action: Action | undefined): boolean {
    const { authority, clock } = this.#options;
    if (authority === undefined || entry.config.from !== undefined || entry.isBusy) return false;
    if (action === 'renew') return true;
    const { facts, state } = entry;
    // Its names have changed in the configuration, or it is over.
    const isUsable = entry.isUsable(clock.now());
    if (action === 'issue' && !isUsable) return true;
    if (clock.now() < state.nextAt) return false;
    return !isUsable || facts === undefined || clock.now() >= renewalAt(facts, entry.window);
  }

  async #renew(entry: Entry): Promise<void> {
    const { authority, clock, log } = this.#options;
    const { id, kind, names, profile } = entry.config;
    entry.isBusy = true;
    try {
      const issued = await present(authority, 'only what an authority issues is due').issue({
        id,
        names,
        kind: present(kind, 'the configuration was checked'),
        profile,
        replaces: entry.current?.certificate,
        present: (challenge) => this.#show(entry, challenge),
        ready: () => this.#untilReady(entry),
        check: (certificate) => whyUnusable(certificate, { names, nowMs: clock.now() }),
        signal: this.#abort.signal,
      });
      this.#settle(entry, issued);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      log.debug('an authority is not reached', { certificate: id, why: error.kind, cause: errorCode(error.cause) });
      const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
      this.#settle(entry, { refused: `${error.kind}${cause}`.slice(0, 500) });
    } finally {
      entry.isBusy = false;
      entry.records = [];
    }
  }

  #settle(entry: Entry, issued: Issued): void {
    const { clock, log, random } = this.#options;
    // What was given up because this process ends has not failed.
    if (this.#abort.signal.aborted) return;
    const { id } = entry.config;
    if ('certificate' in issued) {
      entry.store(issued.certificate);
      entry.window = undefined;
      entry.askWindowAt = 0;
      this.#attempts.add(1, 'issued');
      entry.change({ failures: 0, why: undefined, endedAt: clock.now(), nextAt: 0, records: [] });
      log.info('a certificate was issued', { certificate: id, validTo: dateOf(entry.facts?.validTo ?? 0) });
      return;
    }
    this.#attempts.add(1, 'failed');
    const failures = entry.state.failures + 1;
    const pauseMs = Math.max(backOffMs(failures, random.integer(1_000) / 1_000), issued.retryAfterMs ?? 0);
    const nextAt = clock.now() + pauseMs;
    entry.change({ failures, why: issued.refused, endedAt: clock.now(), nextAt, records: [] });
    const late = entry.facts === undefined || isLate(entry.facts, clock.now());
    log.warn('a certificate was not issued', { certificate: id, why: issued.refused, failures, late });
  }

  async #show(entry: Entry, challenge: Parameters<ChallengeBoard['show']>[0]): Promise<() => void> {
    if (challenge.kind === 'dns-01' && this.#options.board.zone === undefined) {
      const record: WantedRecord = { name: `_acme-challenge.${challenge.name}`, value: challenge.record };
      entry.records = [...entry.records, record];
      return () => undefined;
    }
    return await this.#options.board.show(challenge);
  }

  /** Waits for whoever adds the records by hand. */
  async #untilReady(entry: Entry): Promise<void> {
    if (entry.records.length === 0) return;
    const { clock, log } = this.#options;
    entry.change({ records: entry.records });
    const names = entry.records.map(({ name }) => name).join(', ');
    log.warn('a certificate waits for records; "postern cert show" tells them', {
      certificate: entry.config.id,
      names,
    });
    await entry.untilReady({ clock, timeoutMs: HAND_MS, signal: this.#abort.signal });
  }

  /** Asks the authority now and then when it would like a certificate to be renewed. */
  #askWindow(entry: Entry): void {
    const { authority, clock, log } = this.#options;
    const { current } = entry;
    if (authority === undefined || entry.config.from !== undefined || current === undefined || entry.isBusy) return;
    if (clock.now() < entry.askWindowAt) return;
    entry.askWindowAt = clock.now() + ASK_AGAIN_MS;
    const asking = authority.renewalWindow(current.certificate, this.#abort.signal).then(
      (window) => {
        if (entry.current !== current) return;
        entry.window = window;
        entry.askWindowAt = clock.now() + (window?.askAgainMs ?? 24 * ASK_AGAIN_MS);
      },
      (error: unknown) => {
        if (!(error instanceof OperationError)) throw error;
        log.debug('an authority does not say when to renew', { certificate: entry.config.id, why: error.kind });
      },
    );
    this.#run(asking);
  }

  /** Sends a certificate to each node that is to have it and has another one. */
  #ship(entry: Entry): void {
    const { clock, openStream } = this.#options;
    const { facts, current } = entry;
    if (openStream === undefined || facts === undefined || current === undefined) return;
    for (const node of entry.config.shipTo) {
      const turn = entry.shipping.get(node);
      const isThere = entry.state.shipped.get(node) === facts.fingerprint;
      if (isThere || turn?.isBusy === true || clock.monotonic() < (turn?.nextAt ?? 0)) continue;
      const pauseMs = Math.min(Math.max((turn?.pauseMs ?? 0) * 2, SHIP_AGAIN_MS.first), SHIP_AGAIN_MS.max);
      entry.shipping.set(node, { isBusy: true, nextAt: 0, pauseMs });
      this.#run(this.#shipTo(entry, node, { ...current, fingerprint: facts.fingerprint }, pauseMs));
    }
  }

  async #shipTo(
    entry: Entry,
    node: string,
    sent: Certificate & { fingerprint: string },
    pauseMs: number,
  ): Promise<void> {
    const { clock, log, openStream } = this.#options;
    const { id } = entry.config;
    const limit = new AbortController();
    const timer = clock.schedule(SHIP_TIMEOUT_MS, () => limit.abort());
    try {
      const signal = AbortSignal.any([limit.signal, this.#abort.signal]);
      const stream = await present(openStream, 'there are links')(node, signal);
      const receipt = await sendCertificate(stream, { id, certificate: sent.certificate, key: sent.key }, clock);
      if (receipt === 'refused') throw new Error('the other node refuses it');
      entry.change({ shipped: new Map(entry.state.shipped).set(node, sent.fingerprint) });
      log.info('a certificate is at another node', { certificate: id, node, receipt });
      entry.shipping.delete(node);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      const why = error instanceof Error ? error.message : String(error);
      log.warn('a certificate did not arrive at another node', { certificate: id, node, why });
      entry.shipping.set(node, { isBusy: false, nextAt: clock.monotonic() + pauseMs, pauseMs });
    } finally {
      timer.cancel();
    }
  }

  /** Runs in the background: what fails there that nobody foresaw is a bug, and is told. */
  #run(work: Promise<void>): void {
    const told: Promise<void> = work
      .catch((error: unknown) => this.#options.log.error('looking after certificates failed', error))
      .finally(() => this.#busy.delete(told));
    this.#busy.add(told);
  }
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}

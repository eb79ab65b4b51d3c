/** Answers of a Dns, remembered; one question at a time for each name. Peers flood resolvers: this one does not. */
import type { Clock } from '../../ports/clock.ts';
import type { Dns, DnsAnswer, SrvRecord } from '../../ports/dns.ts';

/** Names remembered. */
const ANSWERS_MAX = 10_000;
/** A time to live of zero would ask for every connection; one of a week would outlive every move. */
const TTL_MIN_MS = 30_000;
const TTL_MAX_MS = 3_600_000;

interface Kept<Entry> {
  readonly until: number;
  readonly answer: Promise<DnsAnswer<Entry>>;
}

export class CachedDns implements Dns {
  readonly #clock: Clock;
  readonly #dns: Dns;
  readonly #services = new Map<string, Kept<SrvRecord>>();
  readonly #addresses = new Map<string, Kept<string>>();

  constructor(clock: Clock, dns: Dns) {
    this.#clock = clock;
    this.#dns = dns;
  }

  resolveSrv(name: string): Promise<DnsAnswer<SrvRecord>> {
    return this.#remembered(this.#services, name, () => this.#dns.resolveSrv(name));
  }

  resolveAddresses(name: string): Promise<DnsAnswer<string>> {
    return this.#remembered(this.#addresses, name, () => this.#dns.resolveAddresses(name));
  }

  #remembered<Entry>(
    kept: Map<string, Kept<Entry>>,
    name: string,
    ask: () => Promise<DnsAnswer<Entry>>,
  ): Promise<DnsAnswer<Entry>> {
    const key = name.toLowerCase();
    const known = kept.get(key);
    if (known !== undefined && known.until > this.#clock.monotonic()) return known.answer;
    const answer = ask();
    kept.delete(key);
    kept.set(key, { until: Number.POSITIVE_INFINITY, answer });
    for (const oldest of kept.keys()) {
      if (kept.size <= ANSWERS_MAX) break;
      kept.delete(oldest);
    }
    void answer.then(
      ({ ttlMs }) => {
        const lifetimeMs = Math.min(Math.max(ttlMs, TTL_MIN_MS), TTL_MAX_MS);
        if (kept.get(key)?.answer === answer) kept.set(key, { until: this.#clock.monotonic() + lifetimeMs, answer });
      },
      () => void kept.delete(key),
    );
    return answer;
  }
}

/** The Dns port over the resolvers that the system names. */
import { readFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { errorCode } from '../../lib/error-code.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dns, DnsAnswer, SrvRecord } from '../../ports/dns.ts';
import { CachedDns } from './cached-dns.ts';
import { readHostsFile } from './hosts-file.ts';

/** What of `node:dns` is used; tests bring their own. */
export interface Lookups {
  resolve4(name: string, options: { ttl: true }): Promise<{ address: string; ttl: number }[]>;
  resolve6(name: string, options: { ttl: true }): Promise<{ address: string; ttl: number }[]>;
  resolveSrv(name: string): Promise<{ name: string; port: number; priority: number; weight: number }[]>;
  cancel(): void;
}

export interface DnsOptions {
  readonly clock: Clock;
  readonly lookups?: () => Lookups;
  /** The text of the system's hosts file. */
  readonly hostsFile?: () => string;
}

/** "A failed SRV or .well-known look-up (refused, timed out, SERVFAIL) is soft and fast." */
const TIMEOUT_MS = 5_000;
/** Answers of node:dns to SRV questions carry no time to live. */
const SRV_TTL_MS = 300_000;
const FAILED_TTL_MS = 30_000;
/** A resolver's own attempts: the second one still fits into our time. */
const ATTEMPT = { timeout: 2_000, tries: 2, maxTimeout: 2_500 };
/** The name exists, or does not, without records of this kind: an answer, not a failure. */
const EMPTY: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

/** Names by the system's hosts file and its resolvers, remembered for as long as the answers allow. */
export function createDns(options: DnsOptions): Dns {
  return new CachedDns(options.clock, new SystemDns(options));
}

function systemHostsFile(): string {
  try {
    return readFileSync(process.platform === 'win32' ? 'C:/Windows/System32/drivers/etc/hosts' : '/etc/hosts', 'utf8');
  } catch {
    return '';
  }
}

class SystemDns implements Dns {
  readonly #clock: Clock;
  readonly #lookups: () => Lookups;
  readonly #hostsFile: () => string;

  constructor({ clock, lookups, hostsFile }: DnsOptions) {
    this.#clock = clock;
    this.#lookups = lookups ?? (() => new Resolver(ATTEMPT));
    this.#hostsFile = hostsFile ?? systemHostsFile;
  }

  async resolveSrv(name: string): Promise<DnsAnswer<SrvRecord>> {
    const found = await this.#ask((lookups) => lookups.resolveSrv(name));
    const records = found.records.map(({ name: target, port, priority, weight }) => ({
      target: target.replace(/\.$/, ''),
      port,
      priority,
      weight,
    }));
    return { records, failed: found.failed, ttlMs: found.failed ? FAILED_TTL_MS : SRV_TTL_MS };
  }

  async resolveAddresses(name: string): Promise<DnsAnswer<string>> {
    const own = readHostsFile(this.#hostsFile()).get(name.toLowerCase());
    if (own !== undefined) return { records: own, failed: false, ttlMs: FAILED_TTL_MS };
    const [six, four] = await Promise.all([
      this.#ask((lookups) => lookups.resolve6(name, { ttl: true })),
      this.#ask((lookups) => lookups.resolve4(name, { ttl: true })),
    ]);
    const records = [...six.records, ...four.records];
    const failed = records.length === 0 && (six.failed || four.failed);
    const ttlSeconds = records.length === 0 ? 0 : Math.min(...records.map(({ ttl }) => ttl));
    return {
      records: records.map(({ address }) => address),
      failed,
      ttlMs: failed ? FAILED_TTL_MS : ttlSeconds * 1000,
    };
  }

  /** One question with a resolver of its own, so that it alone is given up when its time is over. */
  #ask<Entry>(question: (lookups: Lookups) => Promise<Entry[]>): Promise<{ records: Entry[]; failed: boolean }> {
    const lookups = this.#lookups();
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(TIMEOUT_MS, () => {
        lookups.cancel();
        resolve({ records: [], failed: true });
      });
      const settle = (records: Entry[], failed: boolean): void => {
        timer.cancel();
        resolve({ records, failed });
      };
      question(lookups).then(
        (records) => settle(records, false),
        (error: unknown) => settle([], !EMPTY.has(errorCode(error))),
      );
    });
  }
}

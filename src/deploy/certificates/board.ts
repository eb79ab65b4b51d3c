/** What authorities that ask are shown: over HTTP, in TLS handshakes, in the zone of challenges. */
import { createHash } from 'node:crypto';
import type { Certificate, Challenge, TlsChallenges } from '../../ports/certificates.ts';
import type { RecordData, RecordType } from '../dns/records.ts';
import type { Zone } from '../dns/zone.ts';

export interface ChallengeZone {
  /** A name that is delegated to this node. */
  readonly name: string;
  /** The name of this node, which the delegation names. */
  readonly nameServer: string;
}

/** RFC 8555 §8.3. */
const HTTP_PREFIX = '/.well-known/acme-challenge/';
/** The resolvers of authorities ask anew each time. */
const TTL_SECONDS = 1;
const LABEL_CHARS = 32;

/** The name under which the challenges of `name` stand in a zone: the same at any time and on any machine. */
export function delegatedName(name: string, { name: zone }: ChallengeZone): string {
  const bare = name.toLowerCase().replace(/^\*\./, '');
  return `${createHash('sha256').update(bare).digest('hex').slice(0, LABEL_CHARS)}.${zone}`;
}

export class ChallengeBoard implements TlsChallenges {
  readonly zone: ChallengeZone | undefined;
  readonly #answers = new Map<string, string>();
  readonly #handshakes = new Map<string, Certificate>();
  readonly #names = new Map<string, ReadonlyMap<RecordType, readonly RecordData[]>>();
  readonly #records = new Map<string, string[]>();

  constructor(zone?: ChallengeZone) {
    this.zone = zone;
    if (zone !== undefined) this.#names.set(zone.name, new Map());
  }

  /** What http-01 is answered at a path; `undefined` where it is none of an open challenge. */
  answerTo(path: string): string | undefined {
    return path.startsWith(HTTP_PREFIX) ? this.#answers.get(path.slice(HTTP_PREFIX.length)) : undefined;
  }

  find(serverName: string): Certificate | undefined {
    return this.#handshakes.get(serverName.toLowerCase());
  }

  /** The zone as questions find it, at any moment. */
  zoneOf({ name, nameServer }: ChallengeZone): Zone {
    return { name, nameServer, ttlSeconds: TTL_SECONDS, names: this.#names };
  }

  /** Shows what a challenge wants to see; the result takes it away. */
  async show(challenge: Challenge): Promise<() => void> {
    const { kind, token, keyAuthorization, name } = challenge;
    if (kind === 'http-01') {
      this.#answers.set(token, keyAuthorization);
      return () => void this.#answers.delete(token);
    }
    if (kind === 'tls-alpn-01') {
      const { serverName, certificate } = await challenge.tlsAnswer();
      this.#handshakes.set(serverName, certificate);
      return () => void this.#handshakes.delete(serverName);
    }
    if (this.zone === undefined) return () => undefined;
    return this.#addRecord(delegatedName(name, this.zone), challenge.record);
  }

  /** A name and its wildcard have one record each, under the same name. */
  #addRecord(name: string, record: string): () => void {
    this.#records.set(name, [...(this.#records.get(name) ?? []), record]);
    this.#tell(name);
    return () => {
      const left = this.#records.get(name) ?? [];
      this.#records.set(name, left.toSpliced(left.indexOf(record), 1));
      this.#tell(name);
    };
  }

  #tell(name: string): void {
    const set = (this.#records.get(name) ?? []).map((text): RecordData => ({ type: 'TXT', text }));
    if (set.length === 0) this.#names.delete(name);
    else this.#names.set(name, new Map([['TXT', set]]));
  }
}

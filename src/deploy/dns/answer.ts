/**
 * Answers for the private zone and for nothing else: bytes in, bytes out. It never asks anybody, so it can neither be
 * used as a resolver nor be made to wait.
 */
import type { Answer } from 'dns-packet';
import { answerOf, encodeAnswer, encodeHead, type AnswerParts, UDP_BYTES_MAX } from './encode.ts';
import { isWithin } from './names.ts';
import { type Query, readHead, readQuery } from './query.ts';
import type { RecordData, RecordType } from './records.ts';
import { follow, type Zone } from './zone.ts';

/** How an answer travels: over UDP it is bounded by what the asker takes. */
export type Carrier = 'udp' | 'stream';

export interface Answered {
  readonly message: Uint8Array;
  /** How long the answer may be kept; 0 for errors. */
  readonly freshSeconds: number;
}

/** `undefined` for what gets no answer at all. */
export type Answerer = (message: Uint8Array, carrier: Carrier) => Answered | undefined;

const FORMAT_ERROR = 1;
const NO_SUCH_NAME = 3;
const NOT_IMPLEMENTED = 4;
const REFUSED = 5;
const BAD_VERSION = 16;

const CLASS_IN = 1;
const TYPE_ANY = 255;
/** Transfers and other types that ask for no records (RFC 6895 §3.1). */
const META_TYPES = { from: 249, to: 254 } as const;
/** Type → its number. */
const TYPES: ReadonlyMap<number, RecordType | 'SOA' | 'NS'> = new Map([
  [1, 'A'],
  [2, 'NS'],
  [5, 'CNAME'],
  [6, 'SOA'],
  [16, 'TXT'],
  [28, 'AAAA'],
  [33, 'SRV'],
  [65, 'HTTPS'],
]);

/** What a message over UDP may have where the asker says nothing (RFC 1035 §4.2.1). */
const PLAIN_UDP_BYTES = 512;
const STREAM_BYTES_MAX = 65_535;
/** A name that was not there may be there soon: whoever adds a record waits no longer than this. */
const NEGATIVE_SECONDS_MAX = 60;

/** Makes the answerer of a zone. */
export function createAnswerer(zone: Zone): Answerer {
  return (message, carrier) => {
    const head = readHead(message);
    if (head === undefined) return undefined;
    if (head.opcode !== 0) return failure(encodeHead(head, NOT_IMPLEMENTED));
    const query = readQuery(message, head);
    if (query === undefined) return failure(encodeHead(head, FORMAT_ERROR));
    const { parts, freshSeconds } = judge(zone, query);
    const whole = encodeAnswer(query, parts);
    if (whole.length <= bytesMax(query, carrier)) return { message: whole, freshSeconds };
    return { message: encodeTruncated(query, parts), freshSeconds: 0 };
  };
}

/**
 * The answer that says only "ask over TCP": never longer than the question, and so of no use against a third party.
 * `undefined` for what gets none.
 */
export function answerTruncated(message: Uint8Array): Uint8Array | undefined {
  const head = readHead(message);
  const query = head?.opcode === 0 ? readQuery(message, head) : undefined;
  return query === undefined ? undefined : encodeTruncated(query, { rcode: 0, isAuthoritative: false });
}

/** RFC 2181 §9: "When a DNS client receives a reply with TC set, it should ignore that response, and query again". */
function encodeTruncated(query: Query, { rcode, isAuthoritative }: AnswerParts): Uint8Array {
  return encodeAnswer(query, { rcode, isAuthoritative, isTruncated: true });
}

function failure(message: Uint8Array): Answered {
  return { message, freshSeconds: 0 };
}

function bytesMax({ edns }: Query, carrier: Carrier): number {
  if (carrier === 'stream') return STREAM_BYTES_MAX;
  // RFC 6891 §6.2.3: "Values lower than 512 MUST be treated as equal to 512."
  return Math.min(Math.max(edns?.sizeBytes ?? 0, PLAIN_UDP_BYTES), UDP_BYTES_MAX);
}

interface Judged {
  readonly parts: AnswerParts;
  readonly freshSeconds: number;
}

function judge(zone: Zone, query: Query): Judged {
  // RFC 6891 §6.1.3: "If a responder does not implement the VERSION level of the request, then it MUST respond with
  // RCODE=BADVERS."
  if ((query.edns?.version ?? 0) > 0) return refusal(BAD_VERSION);
  const isMeta = query.type >= META_TYPES.from && query.type <= META_TYPES.to;
  if (query.class !== CLASS_IN || isMeta || !isWithin(query.name, zone.name)) return refusal(REFUSED);
  return find(zone, query);
}

function refusal(rcode: number): Judged {
  return { parts: { rcode, isAuthoritative: false }, freshSeconds: 0 };
}

/** What the zone has: records, a name without them, or no such name. */
function find(zone: Zone, query: Query): Judged {
  const isAlias = query.type === 5 || query.type === TYPE_ANY;
  const { aliases, target = query.name } = isAlias ? { aliases: [], target: query.name } : follow(zone, query.name);
  const passed = aliases.map(({ name, data }) => answerOf(name, zone.ttlSeconds, data));
  // Where the rest of the way is another's: whoever asks goes on from there.
  if (!isWithin(target, zone.name)) return positive(zone, passed);
  const sets = zone.names.get(target);
  const found = sets === undefined ? [] : recordsOf(zone, { sets, type: query.type, name: target });
  if (found.length > 0) return positive(zone, [...passed, ...found]);
  // RFC 2308 §2.1 and §2.2: no such name, or no records of the type; either way with the SOA, by whose "minimum" it is
  // kept.
  return {
    parts: {
      rcode: sets === undefined ? NO_SUCH_NAME : 0,
      isAuthoritative: true,
      answers: passed,
      authorities: [soaOf(zone)],
    },
    freshSeconds: negativeSeconds(zone),
  };
}

function positive(zone: Zone, answers: readonly Answer[]): Judged {
  return { parts: { rcode: 0, isAuthoritative: true, answers }, freshSeconds: zone.ttlSeconds };
}

interface Wanted {
  readonly sets: ReadonlyMap<RecordType, readonly RecordData[]>;
  readonly type: number;
  readonly name: string;
}

function recordsOf(zone: Zone, { sets, type, name }: Wanted): Answer[] {
  // RFC 8482 §4.2: whoever asks for everything gets next to nothing.
  if (type === TYPE_ANY) {
    return [{ type: 'HINFO', name, class: 'IN', ttl: zone.ttlSeconds, data: { cpu: 'RFC8482', os: '' } }];
  }
  const known = TYPES.get(type);
  if (known === undefined) return [];
  if (known !== 'SOA' && known !== 'NS') {
    return (sets.get(known) ?? []).map((data) => answerOf(name, zone.ttlSeconds, data));
  }
  if (name !== zone.name) return [];
  return known === 'SOA'
    ? [soaOf(zone)]
    : [{ type: 'NS', name, class: 'IN', ttl: zone.ttlSeconds, data: zone.nameServer ?? zone.name }];
}

function negativeSeconds({ ttlSeconds }: Zone): number {
  return Math.min(ttlSeconds, NEGATIVE_SECONDS_MAX);
}

/** Nobody copies the zone: the serial and the times of secondaries say nothing. */
function soaOf(zone: Zone): Answer {
  return {
    type: 'SOA',
    name: zone.name,
    class: 'IN',
    ttl: negativeSeconds(zone),
    data: {
      mname: zone.nameServer ?? zone.name,
      rname: `hostmaster.${zone.name}`,
      serial: 1,
      refresh: 86_400,
      retry: 7_200,
      expire: 604_800,
      minimum: negativeSeconds(zone),
    },
  };
}

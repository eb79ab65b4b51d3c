/**
 * Reads a question as it came over the network. The labels are kept as bytes (escaped where they are no letters of a
 * name), so that no decoding can make two names one.
 */

/** What an answer repeats of the question's header. */
export interface QueryHead {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
}

export interface Query extends QueryHead {
  /** In lower case, without a dot at its end; the root is empty. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The question as it came: what an answer repeats. */
  readonly question: Uint8Array;
  /** RFC 6891, where the query has it. */
  readonly edns: { readonly sizeBytes: number; readonly version: number } | undefined;
}

/** RFC 1035 §4.1.1 */
const HEAD_BYTES = 12;
const TYPE_OPT = 41;
/** An OPT, and a signature of a kind that is not checked here. */
const ADDITIONALS_MAX = 2;

/** The head; `undefined` for what is no question at all: too short, or an answer (which gets none). */
export function readHead(message: Uint8Array): QueryHead | undefined {
  if (message.length < HEAD_BYTES) return undefined;
  const view = viewOf(message);
  const flags = view.getUint16(2);
  if ((flags & 0x8000) !== 0) return undefined;
  return { id: view.getUint16(0), opcode: (flags >> 11) & 15, recursionDesired: (flags & 0x0100) !== 0 };
}

/** The whole of a standard query; `undefined` where it is malformed. */
export function readQuery(message: Uint8Array, head: QueryHead): Query | undefined {
  const view = viewOf(message);
  // RFC 9619: a standard query has one question, or is malformed. The sections of answers are empty.
  if (view.getUint16(4) !== 1 || view.getUint16(6) !== 0 || view.getUint16(8) !== 0) return undefined;
  const additionals = view.getUint16(10);
  if (additionals > ADDITIONALS_MAX) return undefined;
  const found = readName(message, HEAD_BYTES);
  if (found === undefined || found.end + 4 > message.length) return undefined;
  let at = found.end + 4;
  let edns: Query['edns'];
  for (let count = 0; count < additionals; count += 1) {
    const one = readAdditional(message, at);
    // RFC 6891 §6.1.1: "If a query message with more than one OPT RR is received, a FORMERR (RCODE=1) MUST be
    // returned."
    if (one === undefined || (one.edns !== undefined && edns !== undefined)) return undefined;
    edns ??= one.edns;
    at = one.end;
  }
  if (at !== message.length) return undefined;
  return {
    ...head,
    name: found.name,
    type: view.getUint16(found.end),
    class: view.getUint16(found.end + 2),
    question: message.subarray(HEAD_BYTES, found.end + 4),
    edns,
  };
}

/** A name without pointers: there is nothing before the question that one could point at. */
function readName(message: Uint8Array, start: number): { name: string; end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    // RFC 1035 §2.3.4: "names 255 octets or less"
    if (at - start > 255) return undefined;
    if (length === 0) return { name: labels.join('.'), end: at };
    if (at + length > message.length) return undefined;
    labels.push(labelText(message.subarray(at, at + length)));
    at += length;
  }
}

function labelText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  const escaped = text.replaceAll(/[^0-9A-Za-z_-]/g, (one) => `\\${String(one.charCodeAt(0)).padStart(3, '0')}`);
  return escaped.toLowerCase();
}

function readAdditional(message: Uint8Array, start: number): { edns: Query['edns']; end: number } | undefined {
  const isRoot = message[start] === 0;
  const at = isRoot ? start + 1 : skipName(message, start);
  if (at === undefined || at + 10 > message.length) return undefined;
  const view = viewOf(message);
  const end = at + 10 + view.getUint16(at + 8);
  if (end > message.length) return undefined;
  if (view.getUint16(at) !== TYPE_OPT) return { edns: undefined, end };
  // RFC 6891 §6.1.2: "MUST be 0 (root domain)"
  if (!isRoot) return undefined;
  return { edns: { sizeBytes: view.getUint16(at + 2), version: message[at + 5] ?? 0 }, end };
}

/** Where a name ends that may be a pointer from some label on. */
function skipName(message: Uint8Array, start: number): number | undefined {
  let at = start;
  while (at - start <= 255) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length > 63) return undefined;
    at += 1 + length;
  }
  return undefined;
}

function viewOf(message: Uint8Array): DataView {
  return new DataView(message.buffer, message.byteOffset, message.byteLength);
}

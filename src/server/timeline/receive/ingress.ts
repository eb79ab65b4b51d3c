/**
 * The one way in for PDUs of other servers, wherever they come from (steps 1, 3 and 4 of docs/event-lifecycle.md):
 * format, signatures, content hash. What fails here is dropped; nothing of it is stored.
 */
import { present } from '../../../lib/assert.ts';
import { canonicalJson, compareCodePoints } from '../../../matrix/canonical-json.ts';
import { type Pdu, typePdu } from '../../../matrix/events.ts';
import type { EventId, RoomId, ServerName } from '../../../matrix/ids.ts';
import { hasKey, type JsonObject, omitKeys } from '../../../matrix/json.ts';
import type { ElementResult } from '../../../matrix/json-slice.ts';
import type { RoomVersionRules } from '../../../matrix/room-versions.ts';
import { parsePdu } from '../../../rules/event-format/parse-pdu.ts';
import { claimsContentHash, NOT_IN_CONTENT_HASH } from '../../../rules/hashes/hashes.ts';
import { redact } from '../../../rules/redaction/redact.ts';
import {
  checkEventSignatures,
  checkEventSignaturesAside,
  type FindServerKey,
  listSigningKeys,
  type SigningKeys,
} from '../../../rules/signatures/verify.ts';
import type { FormatVerdict } from '../../../rules/verdict.ts';
import type { Context } from '../../context.ts';
import type { EnsureKeys } from './source.ts';

/** A PDU that has passed: its text as it will be stored. */
export interface IncomingEvent {
  readonly pdu: Pdu;
  /** Canonical JSON with signatures, without `unsigned`. */
  readonly json: string;
  readonly contentStart: number;
  readonly contentEnd: number;
}

export interface IngressTools {
  readonly context: Context;
  readonly ensureKeys: EnsureKeys;
}

export interface RoomIdentity {
  readonly roomId: RoomId;
  readonly rules: RoomVersionRules;
}

/** Why a PDU was dropped; the id is known where its format let it be computed. */
export interface DroppedEvent {
  readonly eventId: EventId | undefined;
  readonly why: string;
}

export interface Ingress {
  readonly events: readonly IncomingEvent[];
  readonly dropped: readonly DroppedEvent[];
}

/** "Signatures of more than 5 PDUs go to the pool (50 × 54 µs = 2.7 ms would break the loop budget)." */
const VERIFIED_HERE_MAX = 5;
/** Events that are verified together, and canonicalised at a stretch: one or two milliseconds of this thread. */
const VERIFIED_TOGETHER = 50;

/** Lets PDUs of one room in, or drops them: one bad PDU never harms its neighbours. The same PDU twice enters once. */
export async function admit(
  elements: readonly ElementResult[],
  room: RoomIdentity,
  tools: IngressTools,
): Promise<Ingress> {
  return await beginAdmission(elements, room, tools).finish();
}

/** A PDU whose format has been judged, with what its signatures are about. */
interface Candidate {
  readonly pdu: Pdu;
  readonly signers: SigningKeys | undefined;
  readonly signedText: string;
}

/** PDUs whose format has been judged, and whose keys are being fetched meanwhile. */
export interface Admission {
  readonly parsed: ReadonlyMap<EventId, Pdu>;
  /** The id of each element; `undefined` where it is no event. */
  readonly ids: readonly (EventId | undefined)[];
  /** Judges the rest; what `isKnown` says stands here already is left out. */
  finish(isKnown?: (id: EventId) => boolean): Promise<Ingress>;
}

/** Judges the format of PDUs, and begins to fetch the keys that they are signed with. */
export function beginAdmission(elements: readonly ElementResult[], room: RoomIdentity, tools: IngressTools): Admission {
  const dropped: DroppedEvent[] = [];
  const candidates = new Map<EventId, Candidate>();
  const ids = elements.map((element) => {
    const result = parseElement(element, room, tools.context);
    if ('why' in result) dropped.push(result);
    else candidates.set(result.pdu.eventId, result);
    return 'why' in result ? undefined : result.pdu.eventId;
  });
  const keys = ensureKeys([...candidates.values()], tools);
  // Whoever finishes hears of the failure; until then it is nobody's.
  keys.catch(() => undefined);
  const finish = async (isKnown: (id: EventId) => boolean = () => false): Promise<Ingress> => {
    const findKey = await keys;
    const events: IncomingEvent[] = [];
    const unknown = Array.from(candidates.values()).filter(({ pdu }) => !isKnown(pdu.eventId));
    const isAside = unknown.length > VERIFIED_HERE_MAX;
    for (let at = 0; at < unknown.length; at += VERIFIED_TOGETHER) {
      const some = unknown.slice(at, at + VERIFIED_TOGETHER);
      const verdicts = await verifyAll(some, { rules: room.rules, findKey, isAside }, tools.context);
      for (const [index, { pdu }] of some.entries()) {
        const verdict = present(verdicts[index], 'each event has one');
        if (verdict.accept) events.push(incomingOf(pdu, room.rules, tools.context));
        else dropped.push({ eventId: pdu.eventId, why: verdict.why });
      }
    }
    return { events, dropped };
  };
  return { parsed: new Map(Array.from(candidates, ([id, { pdu }]) => [id, pdu])), ids, finish };
}

/** Step 1: "Is a valid event, otherwise it is dropped." */
function parseElement(element: ElementResult, room: RoomIdentity, { crypto }: Context): Candidate | DroppedEvent {
  if (!element.ok) return { eventId: undefined, why: element.error.message };
  const source = { bytes: element.bytes.length, hasRawNumbers: element.parsed.hasRawNumbers };
  const parsed = parsePdu(element.parsed.value, room.rules, (data) => crypto.sha256(data), source);
  if (!parsed.accept) return { eventId: undefined, why: parsed.why };
  const { event: pdu, signedText } = parsed;
  if (pdu.roomId !== room.roomId) return { eventId: pdu.eventId, why: 'the event is of another room' };
  return { pdu, signedText, signers: listSigningKeys(pdu.json, room.rules) };
}

async function ensureKeys(candidates: readonly Candidate[], tools: IngressTools): Promise<FindServerKey> {
  const wanted = new Map<ServerName, Set<string>>();
  for (const { signers } of candidates) {
    for (const [server, keyIds] of signers ?? []) {
      const known = wanted.get(server) ?? new Set();
      wanted.set(server, known);
      for (const keyId of keyIds) known.add(keyId);
    }
  }
  return await tools.ensureKeys(Array.from(wanted, ([server, keyIds]) => ({ server, keyIds: [...keyIds] })));
}

/** Step 3: "Passes signature checks, otherwise it is dropped." */
function verifyAll(
  candidates: readonly Candidate[],
  { isAside, ...keys }: { rules: RoomVersionRules; findKey: FindServerKey; isAside: boolean },
  { clock, crypto }: Context,
): Promise<readonly FormatVerdict[]> {
  const options = { ...keys, nowMs: clock.now() };
  return Promise.all(
    candidates.map(async ({ pdu: { json }, ...known }) =>
      isAside
        ? await checkEventSignaturesAside(json, {
            ...options,
            known,
            verify: (...of) => crypto.ed25519VerifyAside(...of),
          })
        : checkEventSignatures(json, { ...options, known, verify: (...of) => crypto.ed25519Verify(...of) }),
    ),
  );
}

/** Step 4: "Passes hash checks, otherwise it is redacted before being processed further." */
function incomingOf(pdu: Pdu, rules: RoomVersionRules, { crypto }: Context): IncomingEvent {
  const json = hasKey(pdu.json, 'unsigned') ? omitKeys(pdu.json, 'unsigned') : pdu.json;
  const parts = partsOf(json, rules);
  const hashed = parts.filter(({ key }) => !NOT_IN_CONTENT_HASH.includes(key));
  if (!claimsContentHash(pdu.json, joined(hashed).json, (data) => crypto.sha256(data))) {
    const redacted = redact(pdu.json, rules);
    return { pdu: typePdu(redacted, pdu.eventId, rules), ...textOf(redacted, rules) };
  }
  return { pdu: json === pdu.json ? pdu : typePdu(json, pdu.eventId, rules), ...joined(parts) };
}

/** The canonical text of an event, with the place of its content. */
export function textOf(json: JsonObject, rules: RoomVersionRules): Omit<IncomingEvent, 'pdu'> {
  return joined(partsOf(json, rules));
}

/** One member of an event as it stands in the canonical text. */
interface Part {
  readonly key: string;
  readonly name: string;
  readonly value: string;
}

function partsOf(json: JsonObject, rules: RoomVersionRules): Part[] {
  const options = { rawNumbers: !rules.strictCanonicalJson };
  return Object.keys(json)
    .sort(compareCodePoints)
    .map((key) => ({ key, name: `${JSON.stringify(key)}:`, value: canonicalJson(json[key] ?? null, options) }));
}

function joined(parts: readonly Part[]): Omit<IncomingEvent, 'pdu'> {
  let length = 1;
  let content = { contentStart: 0, contentEnd: 0 };
  for (const { key, name, value } of parts) {
    const start = length + name.length;
    if (key === 'content') content = { contentStart: start, contentEnd: start + value.length };
    length = start + value.length + 1;
  }
  return { json: `{${parts.map(({ name, value }) => name + value).join(',')}}`, ...content };
}

/** Verifying signatures of events and JSON objects. Keys are looked up and used through arguments. */
import { decodeBase64 } from '../../lib/base64.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { getObject, getString, type JsonObject } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { signedText } from '../hashes/hashes.ts';
import { ACCEPT, drop, type FormatVerdict } from '../verdict.ts';
import { requiredSigners } from './required-signers.ts';
import { signedJsonText } from './sign.ts';

/** Verifies an Ed25519 signature over the UTF-8 of `text`; false for malformed keys, never an exception. */
export type VerifySignature = (publicKey: Uint8Array, text: string, signature: Uint8Array) => boolean;

export interface ServerKey {
  readonly publicKey: Uint8Array;
  /** Until when the server said the key is good. */
  readonly validUntilTs: number;
  /** When the server retired it (`old_verify_keys`). */
  readonly expiredTs?: number | undefined;
}

/** Finds a server's published key; `undefined` when unknown. */
export type FindServerKey = (server: ServerName, keyId: string) => ServerKey | undefined;

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const ALGORITHM = 'ed25519:';
const SIGNATURE_BYTES = 64;

/**
 * Whether a key counts for an event of that time. "Servers MUST use the lesser of `valid_until_ts` and 7 days into
 * the future when determining if a key is valid." Retired keys count for older events only.
 */
function isKeyValidAt(key: ServerKey, originServerTs: number, rules: RoomVersionRules, nowMs: number): boolean {
  if (key.expiredTs !== undefined) return key.expiredTs >= originServerTs;
  return !rules.enforcesKeyValidity || Math.min(key.validUntilTs, nowMs + WEEK_MS) >= originServerTs;
}

/** One signature that has to verify. */
export interface SignatureTask {
  readonly server: ServerName;
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

export interface VerificationPlan {
  /** What every task's signature covers. */
  readonly text: string;
  /** All of these must verify. */
  readonly tasks: readonly SignatureTask[];
}

/** By which keys each server has signed. */
export type SigningKeys = ReadonlyMap<ServerName, readonly string[]>;

export interface VerificationOptions {
  readonly rules: RoomVersionRules;
  readonly findKey: FindServerKey;
  readonly nowMs: number;
  /** What {@link listSigningKeys} and `signedText` say of the event, where that is known. */
  readonly known?: { readonly signers: SigningKeys | undefined; readonly signedText: string };
}

/**
 * The key ids by which each required server signed: what to fetch before planning; `undefined` for a hopeless event.
 */
export function listSigningKeys(event: JsonObject, rules: RoomVersionRules): SigningKeys | undefined {
  const servers = requiredSigners(event, rules);
  if (servers === undefined) return undefined;
  const result = new Map<ServerName, readonly string[]>();
  for (const server of servers) {
    const ofServer = getObject(getObject(event, 'signatures'), server);
    const keyIds = Object.keys(ofServer ?? {}).filter((keyId) => keyId.startsWith(ALGORITHM));
    if (keyIds.length === 0) return undefined;
    result.set(server, keyIds);
  }
  return result;
}

/**
 * What has to be verified, so that the caller may do it in another thread; a verdict when the outcome is certain
 * without. "If a signature is from an unknown or expired key, it is skipped", yet each required server needs one that
 * is not, and all that are not skipped must be valid.
 */
export function planVerification(event: JsonObject, options: VerificationOptions): VerificationPlan | FormatVerdict {
  const { known, rules } = options;
  const signers = known === undefined ? listSigningKeys(event, rules) : known.signers;
  if (signers === undefined) return drop('a required signature is missing');
  const timestamp = event['origin_server_ts'];
  const originServerTs = typeof timestamp === 'number' ? timestamp : 0;
  const tasks: SignatureTask[] = [];
  for (const [server, keyIds] of signers) {
    const before = tasks.length;
    for (const keyId of keyIds) {
      const key = options.findKey(server, keyId);
      if (key === undefined || !isKeyValidAt(key, originServerTs, options.rules, options.nowMs)) continue;
      const text = getString(getObject(getObject(event, 'signatures'), server), keyId);
      const signature = text === undefined ? undefined : decodeBase64(text);
      if (signature?.length !== SIGNATURE_BYTES) return drop(`malformed signature of ${server}`);
      tasks.push({ server, keyId, publicKey: key.publicKey, signature });
    }
    if (tasks.length === before) return drop(`no signature of ${server} by a known, valid key`);
  }
  return { text: known?.signedText ?? signedText(event, rules), tasks };
}

/** Check 2 on receipt of a PDU: "Passes signature checks, otherwise it is dropped." */
export function checkEventSignatures(
  event: JsonObject,
  options: VerificationOptions & { readonly verify: VerifySignature },
): FormatVerdict {
  const plan = planVerification(event, options);
  if ('accept' in plan) return plan;
  for (const task of plan.tasks) {
    if (!options.verify(task.publicKey, plan.text, task.signature)) return drop(`bad signature of ${task.server}`);
  }
  return ACCEPT;
}

/** The same by a verifier that takes its time, such as another thread. */
export async function checkEventSignaturesAside(
  event: JsonObject,
  options: VerificationOptions & { readonly verify: (...of: Parameters<VerifySignature>) => Promise<boolean> },
): Promise<FormatVerdict> {
  const plan = planVerification(event, options);
  if ('accept' in plan) return plan;
  const verdicts = await Promise.all(
    plan.tasks.map(({ publicKey, signature }) => options.verify(publicKey, plan.text, signature)),
  );
  const wrong = plan.tasks.find((_, index) => verdicts[index] !== true);
  return wrong === undefined ? ACCEPT : drop(`bad signature of ${wrong.server}`);
}

/**
 * Whether `object` carries a valid signature of `entity` by the key `keyId`.
 * `content/appendices.md`, "Checking for a signature".
 */
export function isJsonSignedBy(
  object: JsonObject,
  signer: { readonly entity: string; readonly keyId: string; readonly publicKey: Uint8Array },
  verify: VerifySignature,
): boolean {
  const text = getString(getObject(getObject(object, 'signatures'), signer.entity), signer.keyId);
  const signature = text === undefined ? undefined : decodeBase64(text);
  if (signature?.length !== SIGNATURE_BYTES) return false;
  return verify(signer.publicKey, signedJsonText(object), signature);
}

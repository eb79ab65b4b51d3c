/** Third-party invites: the event that announces one, and the member invite that redeems it. */
import { decodeBase64, decodeBase64Url } from '../../lib/base64.ts';
import type { Pdu } from '../../matrix/events.ts';
import {
  asObject,
  asString,
  getArray,
  getObject,
  getString,
  getValue,
  hasKey,
  type JsonObject,
} from '../../matrix/json.ts';
import { signedJsonText } from '../signatures/sign.ts';
import { ACCEPT, acceptIf, type AuthVerdict, reject } from '../verdict.ts';
import { type AuthContext, membershipOf } from './context.ts';

/** "Allow if and only if `sender`'s current power level is greater than or equal to the *invite level*." */
export function checkThirdPartyInvite(context: AuthContext): AuthVerdict {
  const allowed = context.senderLevel >= context.levels.level('invite');
  return acceptIf(allowed, 'third_party_invite.level', 'the sender may not invite');
}

/** The keys of a third-party invite event: "a single public key in `public_key`" and "a list … in `public_keys`". */
function publicKeysOf(invite: Pdu): Uint8Array[] {
  const texts = [getString(invite.content, 'public_key')];
  for (const entry of getArray(invite.content, 'public_keys') ?? [])
    texts.push(getString(asObject(entry), 'public_key'));
  const keys: Uint8Array[] = [];
  for (const text of texts) {
    const key = text === undefined ? undefined : (decodeBase64(text) ?? decodeBase64Url(text));
    if (key !== undefined) keys.push(key);
  }
  return keys;
}

function ed25519Signatures(signed: JsonObject): Uint8Array[] {
  const found: Uint8Array[] = [];
  const servers = getObject(signed, 'signatures') ?? {};
  for (const server of Object.keys(servers)) {
    const ofServer = getObject(servers, server) ?? {};
    for (const keyId of Object.keys(ofServer)) {
      const text = keyId.startsWith('ed25519:') ? asString(ofServer[keyId]) : undefined;
      const signature = text === undefined ? undefined : decodeBase64(text);
      if (signature?.length === 64) found.push(signature);
    }
  }
  return found;
}

/**
 * Pairs of key and signature that are tried at most: real invites have two keys and one signature, and a hostile event
 * has room for 200,000 pairs, seconds of work each time that it is judged.
 */
const ATTEMPTS_MAX = 256;

function isSignedBy(signed: JsonObject, invite: Pdu, context: AuthContext): boolean {
  const text = signedJsonText(signed);
  const keys = publicKeysOf(invite);
  let attempts = 0;
  for (const signature of ed25519Signatures(signed)) {
    for (const key of keys) {
      attempts += 1;
      if (attempts > ATTEMPTS_MAX) return false;
      if (context.verify(key, text, signature)) return true;
    }
  }
  return false;
}

/** Judges an invite whose content has a `third_party_invite`; the nested rules 1 to 8. */
export function checkRedeemedInvite(context: AuthContext, target: string): AuthVerdict {
  const { event, state } = context;
  // "If *target user* is banned, reject."
  if (membershipOf(state, target) === 'ban') return reject('member.3pid.banned', 'the target is banned');
  // "If `content.third_party_invite` does not have a `signed` property, reject."
  const signed = getObject(asObject(getValue(event.content, 'third_party_invite')), 'signed');
  if (signed === undefined) return reject('member.3pid.signed', 'no signed block');
  // "If `signed` does not have `mxid` and `token` properties, reject."
  const token = getString(signed, 'token');
  if (token === undefined || !hasKey(signed, 'mxid')) return reject('member.3pid.fields', 'no mxid or token');
  // "If `mxid` does not match `state_key`, reject."
  if (getString(signed, 'mxid') !== target) return reject('member.3pid.mxid', 'signed for another user');
  // "If there is no `m.room.third_party_invite` event in the current room state with `state_key` matching `token`,
  // reject."
  const invite = state('m.room.third_party_invite', token);
  if (invite === undefined) return reject('member.3pid.no_invite', 'no such third-party invite');
  // "If `sender` does not match `sender` of the `m.room.third_party_invite`, reject."
  if (invite.sender !== event.sender) return reject('member.3pid.sender', 'sent by another user than the invite');
  // "If any signature in `signed` matches any public key in the `m.room.third_party_invite` event, allow."
  return isSignedBy(signed, invite, context) ? ACCEPT : reject('member.3pid.signature', 'no valid signature');
}

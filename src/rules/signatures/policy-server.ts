/**
 * Check 7 on receipt of a PDU: the signature of the room's policy server.
 * `content/server-server-api.md`, "Validating Policy Server signatures".
 */
import { decodeBase64 } from '../../lib/base64.ts';
import type { StateLookup } from '../../matrix/events.ts';
import { parseServerName, type ServerName } from '../../matrix/ids.ts';
import { getObject, getString, type JsonObject } from '../../matrix/json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { signedText } from '../hashes/hashes.ts';
import type { VerifySignature } from './verify.ts';

/** "The Key ID for the `ed25519` key in `m.room.policy` is *always* `ed25519:policy_server`." */
export const POLICY_KEY_ID = 'ed25519:policy_server';

export interface PolicyServer {
  readonly server: ServerName;
  readonly publicKey: Uint8Array;
}

/**
 * The room's policy server: the one that `m.room.policy` names with a key, while a user of it is joined, as
 * `isServerJoined` tells. `undefined` where the room uses none.
 */
export function findPolicyServer(
  state: StateLookup,
  isServerJoined: (server: ServerName) => boolean,
): PolicyServer | undefined {
  const content = state('m.room.policy', '')?.content;
  const via = parseServerName(getString(content, 'via') ?? '');
  const key = getString(getObject(content, 'public_keys'), 'ed25519');
  if (via === undefined || key === undefined || !isServerJoined(via)) return undefined;
  // A string that is no key still names a policy server: then nothing is recommended.
  return { server: via, publicKey: decodeBase64(key) ?? new Uint8Array() };
}

/** Whether the policy server recommends an event: by its signature, or because it is never asked about this one. */
export function isRecommended(
  event: JsonObject,
  policy: PolicyServer,
  options: { readonly rules: RoomVersionRules; readonly verify: VerifySignature },
): boolean {
  // "Because the Policy Server is not asked to sign `m.room.policy` state events with empty string `state_key`s …
  // Those events are by default recommended for inclusion."
  if (event['type'] === 'm.room.policy' && event['state_key'] === '') return true;
  const text = getString(getObject(getObject(event, 'signatures'), policy.server), POLICY_KEY_ID);
  const signature = text === undefined ? undefined : decodeBase64(text);
  if (signature?.length !== 64) return false;
  return options.verify(policy.publicKey, signedText(event, options.rules), signature);
}

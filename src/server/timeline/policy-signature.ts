/**
 * The signature of a room's policy server, which events of ours need before anybody is sent them.
 * `content/server-server-api.md`, "Asking for a Policy Server signature on an event".
 */
import { assert, present } from '../../lib/assert.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Pdu } from '../../matrix/events.ts';
import { type ServerName, utf8Length } from '../../matrix/ids.ts';
import { asObject, getObject, getString, type JsonObject } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import {
  findPolicyServer,
  isRecommended,
  POLICY_KEY_ID,
  type PolicyServer,
} from '../../rules/signatures/policy-server.ts';
import { withSignature } from '../../rules/signatures/sign.ts';
import type { VerifySignature } from '../../rules/signatures/verify.ts';
import { errorForClient, type Peers, RemoteError } from '../peers/index.ts';
import type { Room } from '../rooms/index.ts';
import { EVENT_BYTES_MAX } from './build-event.ts';

export interface PolicyTools {
  readonly serverName: ServerName;
  readonly peers: Peers;
  readonly verify: VerifySignature;
}

const ANSWER_BYTES_MAX = 65_536;
/** Somebody waits, and so does the room. */
const TIMEOUT_MS = 10_000;
const RETRY_AFTER_MS = 2_000;

/** The policy server that has to be asked about an event; `undefined` where there is none. */
export function policyServerFor(
  room: Room,
  { pdu }: { readonly pdu: Pdu },
  serverName: ServerName,
): PolicyServer | undefined {
  // "This endpoint MUST NOT be called for events which have a type of `m.room.policy` and an empty string `state_key`."
  if (pdu.type === 'm.room.policy' && pdu.stateKey === '') return undefined;
  return findPolicyServer(room.lookup, (server) =>
    server === serverName ? room.localJoined.size > 0 : room.servers.has(server),
  );
}

/**
 * The text of a signed event with the policy server's signature beside its server's. Throws where the policy server
 * does not give one: "If the Policy Server returns an error, the event SHOULD NOT be sent to clients and servers."
 */
export async function withPolicySignature(
  text: string,
  policy: PolicyServer,
  room: Room,
  tools: PolicyTools,
): Promise<string> {
  // A room may name this server, which is no policy server.
  if (policy.server === tools.serverName) throw notRecommended();
  const answer = await ask(text, policy.server, tools.peers);
  const event = present(asObject(parseTrusted(text)), 'an event is an object');
  const signature = getString(getObject(answer, policy.server), POLICY_KEY_ID);
  if (signature === undefined) throw notRecommended();
  const signed = withSignature(event, policy.server, POLICY_KEY_ID, signature);
  // "homeservers SHOULD validate the returned signature before continuing to send events"
  if (!isRecommended(signed, policy, { rules: room.rules, verify: tools.verify })) throw notRecommended();
  const json = canonicalJson(signed);
  if (utf8Length(json) > EVENT_BYTES_MAX) throw new MatrixError('M_TOO_LARGE', 'The event is larger than 64 KiB');
  assert(json.length > text.length, 'a signature was added');
  return json;
}

/** NOTE: the specification wants the error told "verbatim"; what others write never reaches a client (adv-065). */
async function ask(text: string, server: ServerName, peers: Peers): Promise<JsonObject> {
  const limits = { bytesMax: ANSWER_BYTES_MAX, timeoutMs: TIMEOUT_MS };
  try {
    return await peers.request(server, { method: 'POST', path: '/_matrix/policy/v1/sign', body: text, ...limits });
  } catch (error) {
    if (error instanceof RemoteError && error.status === 429) {
      const waitMs = error.retryAfterMs ?? RETRY_AFTER_MS;
      throw new MatrixError('M_LIMIT_EXCEEDED', 'The policy server of the room has too much to do', {
        extra: { retry_after_ms: waitMs },
        cause: error,
      });
    }
    if (error instanceof RemoteError && error.errcode === 'M_FORBIDDEN') throw notRecommended(error);
    throw errorForClient(error, ['M_NOT_FOUND']);
  }
}

function notRecommended(cause?: unknown): MatrixError {
  return new MatrixError('M_FORBIDDEN', 'The policy server of the room does not recommend this event', { cause });
}

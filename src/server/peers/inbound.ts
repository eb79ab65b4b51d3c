/** Who sent a request: the check of its signature. `content/server-server-api.md`, "Request Authentication". */
import { MatrixError } from '../../matrix/errors.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { parseAuthorization, requestText } from '../../rules/signatures/request.ts';
import type { Context } from '../context.ts';
import type { FederationPolicy } from './policy.ts';
import type { KeyRing } from './signing-keys/key-ring.ts';

export interface InboundRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** Every Authorization header. */
  readonly authorization: readonly string[];
  /** The body as canonical JSON; `undefined` where there is none. Asked for only where somebody may have signed it. */
  readonly content: () => Promise<string | undefined>;
}

export interface InboundOptions {
  readonly context: Context;
  readonly policy: FederationPolicy;
  readonly keyRing: KeyRing;
}

/** The server that signed a request. Throws `M_UNAUTHORIZED`, or `M_FORBIDDEN` where we do not talk with it. */
export async function requireSignature(request: InboundRequest, options: InboundOptions): Promise<ServerName> {
  const { context, policy, keyRing } = options;
  const claimed = parseAuthorization(request.authorization);
  if (claimed === undefined) throw unauthorized('The request carries no readable X-Matrix authorization');
  const { origin, destination, signatures } = claimed;
  // "If this property is included, but the value does not match the receiving server's name, the receiving server must
  // deny the request with an HTTP status code `401 Unauthorized`."
  if (destination !== undefined && destination !== context.serverName) throw unauthorized('This is another server');
  if (origin === context.serverName) throw unauthorized('Nobody signs requests in our name');
  policy.requireInbound(origin);
  const now = context.clock.now();
  const keyIds = signatures.map(({ keyId }) => keyId);
  const findKey = await keyRing.ensure([{ server: origin, keyIds, validAt: now, isUrgent: true }]);
  const claims = signatures.flatMap(({ keyId, signature }) => {
    const key = findKey(origin, keyId);
    // `old_verify_keys` "are only valid for signing events".
    const counts = key !== undefined && key.expiredTs === undefined && key.validUntilTs >= now;
    return counts ? [{ publicKey: key.publicKey, signature }] : [];
  });
  if (claims.length === 0) throw unauthorized(`No valid key of ${origin} is known for this signature`);
  const text = requestText({
    method: request.method,
    target: request.target,
    origin,
    // Servers that leave it out of the header have signed it nonetheless.
    destination: context.serverName,
    content: await request.content(),
  });
  const isRight = claims.every((one) => context.crypto.ed25519Verify(one.publicKey, text, one.signature));
  if (!isRight) throw unauthorized('The signature is wrong');
  return origin;
}

function unauthorized(message: string): MatrixError {
  return new MatrixError('M_UNAUTHORIZED', message);
}

/** The `X-Matrix` scheme: how servers sign their requests. `content/server-server-api.md`, "Request Authentication". */
import { decodeBase64, encodeBase64 } from '../../../src/lib/base64.ts';
import { canonicalJson } from '../../../src/matrix/canonical-json.ts';
import type { JsonValue } from '../../../src/matrix/json.ts';
import type { Signer } from '../../../src/rules/signatures/sign.ts';

export interface RequestFacts {
  readonly method: string;
  /** "The full path starting with `/_matrix/...`, including the `?` and any query parameters if present." */
  readonly uri: string;
  readonly origin: string;
  readonly destination: string;
  readonly content?: JsonValue | undefined;
}

export interface Credentials {
  readonly origin: string;
  readonly destination: string | undefined;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** The text that a request's signature covers. */
export function requestText(facts: RequestFacts): string {
  const { method, uri, origin, destination, content } = facts;
  const signed = { method, uri, origin, destination, ...(content !== undefined && { content }) };
  return canonicalJson(signed, { rawNumbers: true });
}

/** The header's value for a request. */
export function authorizationOf(facts: RequestFacts, signer: Signer): string {
  const signature = encodeBase64(signer.sign(requestText(facts)));
  const values = { origin: facts.origin, destination: facts.destination, key: signer.keyId, sig: signature };
  const parts = Object.entries(values).map(([name, value]) => `${name}="${value}"`);
  return `X-Matrix ${parts.join(',')}`;
}

// "The values must be enclosed in quotes if they contain characters that are not allowed in `token`s"; "the recipient
// should allow colons to be included in values without requiring the value to be enclosed in quotes."
const PARAMETER =
  /[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z:/=]+))[ \t]*(,|$)/y;

/** Reads the header; `undefined` when it is malformed or lacks a parameter. */
export function parseAuthorization(header: string | undefined): Credentials | undefined {
  const [, rest] = /^X-Matrix +(.*)$/i.exec(header ?? '') ?? [];
  if (rest === undefined) return undefined;
  const found = new Map<string, string>();
  PARAMETER.lastIndex = 0;
  for (;;) {
    const [whole, name, quoted, token, end] = PARAMETER.exec(rest) ?? [];
    if (whole === undefined || name === undefined || found.has(name.toLowerCase())) return undefined;
    found.set(name.toLowerCase(), token ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1'));
    if (end === '') break;
  }
  const origin = found.get('origin');
  const keyId = found.get('key');
  const signature = decodeBase64(found.get('sig') ?? '');
  if (origin === undefined || keyId === undefined || signature === undefined) return undefined;
  return { origin, destination: found.get('destination'), keyId, signature };
}

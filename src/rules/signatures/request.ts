/**
 * The signature of a request between servers: the text it covers, and the header that carries it.
 * `content/server-server-api.md`, "Request Authentication".
 */
import { decodeBase64, encodeBase64 } from '../../lib/base64.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { parseServerName, type ServerName } from '../../matrix/ids.ts';

export interface SignedRequest {
  readonly method: string;
  /** "the full path starting with `/_matrix/...`, including the `?` and any query parameters if present" */
  readonly target: string;
  readonly origin: ServerName;
  /** Absent only where a server from before version 1.3 of the specification signed without it. */
  readonly destination: ServerName | undefined;
  /** The body as canonical JSON; `undefined` for a request without one. */
  readonly content: string | undefined;
}

export interface RequestSignature {
  readonly keyId: string;
  readonly signature: Uint8Array;
}

export interface RequestAuthorization {
  readonly origin: ServerName;
  /** "recipients should accept requests without this parameter" */
  readonly destination: ServerName | undefined;
  /** One for each key, at least one. */
  readonly signatures: readonly RequestSignature[];
}

/** Each signature costs a look-up of a key and a verification: nobody needs more keys at a time. */
const SIGNATURES_MAX = 8;
/** A server name has 255 bytes at most, and the longest header holds two, a key id and a signature. */
const HEADER_LENGTH_MAX = 4096;
const SIGNATURE_BYTES = 64;
const KEY_ID = /^[\x21\x23-\x5B\x5D-\x7E]{1,255}$/;

const SCHEME = /^x-matrix[ ]+/i;
// RFC 9110, 5.6.2: token = 1*tchar
const NAME = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
// "the recipient should allow colons to be included in values without requiring the value to be enclosed in quotes"
const VALUE = /[!#$%&'*+\-.^_`|~0-9A-Za-z:]+/y;
// RFC 9110, 5.6.4: quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
const QUOTED = /"((?:[\t \x21\x23-\x5B\x5D-\x7E\x80-\xFF]|\\[\t \x21-\x7E\x80-\xFF])*)"/y;
// RFC 9110, 11.2: auth-param = token BWS "=" BWS ( token / quoted-string )
const EQUALS = /[\t ]*=[\t ]*/y;
const SPACE = /[\t ]*/y;
const COMMAS = /[\t ]*(?:,[\t ]*)+/y;

/** The text that the signature of a request covers. */
export function requestText(request: SignedRequest): string {
  const { method, target, origin, destination, content } = request;
  const rest =
    destination === undefined ? { method, origin, uri: target } : { destination, method, origin, uri: target };
  const text = canonicalJson(rest);
  // `content` sorts before every other key, so a body that is canonical already need not be written again.
  return content === undefined ? text : `{"content":${content},${text.slice(1)}`;
}

/** The value of the `Authorization` header: quoted values, lower-case names, no space around commas. */
export function formatAuthorization(
  request: Pick<SignedRequest, 'origin' | 'destination'>,
  { keyId, signature }: RequestSignature,
): string {
  const destination = request.destination === undefined ? '' : `destination="${request.destination}",`;
  return `X-Matrix origin="${request.origin}",${destination}key="${keyId}",sig="${encodeBase64(signature)}"`;
}

/** Reads a text from left to right by sticky expressions. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** What `pattern` matches here, and moves behind it; `undefined`, and stays, where it does not. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }
}

function takeValue(scanner: Scanner): string | undefined {
  const quoted = scanner.take(QUOTED)?.[1];
  // "a backslash-character pair is replaced by the character that follows the backslash"
  if (quoted !== undefined) return quoted.replace(/\\(.)/gs, '$1');
  return scanner.take(VALUE)?.[0];
}

/** The parameters by their names in lower case; `undefined` for what is no list, or names one twice. */
function parseParameters(text: string): Map<string, string> | undefined {
  const scanner = new Scanner(text);
  const parameters = new Map<string, string>();
  scanner.take(COMMAS);
  for (;;) {
    // "The names are case insensitive and order does not matter."
    const name = scanner.take(NAME)?.[0].toLowerCase();
    if (name === undefined || scanner.take(EQUALS) === undefined) return undefined;
    const value = takeValue(scanner);
    if (value === undefined || parameters.has(name)) return undefined;
    parameters.set(name, value);
    const comma = scanner.take(COMMAS) ?? scanner.take(SPACE);
    if (scanner.isAtEnd) return parameters;
    if (comma?.[0].includes(',') !== true) return undefined;
  }
}

interface Credentials extends RequestSignature {
  readonly origin: ServerName;
  readonly destination: ServerName | undefined;
}

/** What one header says; `undefined` where it is malformed. */
function parseCredentials(text: string): Credentials | undefined {
  const parameters = parseParameters(text);
  const origin = parseServerName(parameters?.get('origin') ?? '');
  if (parameters === undefined || origin === undefined) return undefined;
  const destinationText = parameters.get('destination');
  const destination = destinationText === undefined ? undefined : parseServerName(destinationText);
  if (destinationText !== undefined && destination === undefined) return undefined;
  const keyId = parameters.get('key') ?? '';
  // NOTE: the specification's list of parameters says `signature`, its examples and every server say `sig`.
  const signature = decodeBase64(parameters.get('sig') ?? parameters.get('signature') ?? '');
  if (!KEY_ID.test(keyId) || signature?.length !== SIGNATURE_BYTES) return undefined;
  return { origin, destination, keyId, signature };
}

/**
 * Who signed a request, from the values of its `Authorization` headers: one for each key of the origin. Headers of
 * other schemes are left alone. `undefined` where none is of this scheme, where one is malformed, or where they do not
 * agree on who speaks to whom.
 */
export function parseAuthorization(headers: readonly string[]): RequestAuthorization | undefined {
  const ours = headers.filter((header) => SCHEME.test(header));
  if (ours.length > SIGNATURES_MAX) return undefined;
  const signatures = new Map<string, RequestSignature>();
  let first: Credentials | undefined;
  for (const header of ours) {
    if (header.length > HEADER_LENGTH_MAX) return undefined;
    const credentials = parseCredentials(header.replace(SCHEME, ''));
    if (credentials === undefined || signatures.has(credentials.keyId)) return undefined;
    first ??= credentials;
    if (credentials.origin !== first.origin || credentials.destination !== first.destination) return undefined;
    signatures.set(credentials.keyId, { keyId: credentials.keyId, signature: credentials.signature });
  }
  if (first === undefined) return undefined;
  return { origin: first.origin, destination: first.destination, signatures: [...signatures.values()] };
}

/** What a client says first, as most censors want to know it: the name it asks for. Pure. */
import { type ClientHello, peekClientHello, readClientHello } from '../packet/client-hello.ts';
import { type HttpRequest, looksLikeHttp, readHttpRequest } from '../packet/http-request.ts';
import type { Opening } from '../packet/flows.ts';

export type FirstWords =
  | { readonly kind: 'tls'; readonly hello: ClientHello }
  | { readonly kind: 'http'; readonly request: HttpRequest }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'other' };

const WAITING: FirstWords = { kind: 'waiting' };
const OTHER: FirstWords = { kind: 'other' };

/** Reads the beginning of a connection, put together from its segments. */
export function readOpening(opening: Opening): FirstWords {
  const { bytes } = opening;
  if (bytes.length === 0) return WAITING;
  const reading = readClientHello(bytes);
  if (reading.kind === 'hello') return { kind: 'tls', hello: reading.hello };
  if (reading.kind === 'incomplete') return opening.isFull ? OTHER : WAITING;
  return readHttp(bytes, opening.isFull);
}

function readHttp(bytes: Uint8Array, isFull: boolean): FirstWords {
  if (!looksLikeHttp(bytes)) return OTHER;
  const request = readHttpRequest(bytes);
  const isWhole = Buffer.from(bytes).includes('\r\n\r\n');
  if (request !== undefined && (isWhole || isFull || request.host !== undefined)) return { kind: 'http', request };
  return isFull || isWhole ? OTHER : WAITING;
}

/** Reads one segment by itself. */
export function readSegment(payload: Uint8Array): FirstWords {
  const hello = peekClientHello(payload);
  if (hello !== undefined) return { kind: 'tls', hello };
  const request = readHttpRequest(payload);
  return request === undefined ? OTHER : { kind: 'http', request };
}

/** The name that the client asks for. */
export function nameOf(words: FirstWords): string | undefined {
  if (words.kind === 'tls') return words.hello.serverName;
  return words.kind === 'http' ? words.request.host : undefined;
}

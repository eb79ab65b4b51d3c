/** The head of an HTTP/1 request, as far as it has come. Pure. */

const METHODS = ['GET ', 'POST ', 'PUT ', 'HEAD ', 'OPTIONS ', 'DELETE ', 'CONNECT ', 'PATCH ', 'PRI '];
const HEAD_MAX = 8_192;

export interface HttpRequest {
  readonly path: string;
  /** Lower-case, without port. */
  readonly host: string | undefined;
}

/** Whether the bytes begin as a request does, or could still become one. */
export function looksLikeHttp(bytes: Uint8Array): boolean {
  const start = latin1(bytes, 8);
  return METHODS.some((method) => start.startsWith(method.slice(0, Math.max(1, start.length))));
}

/** Reads the request line and the Host header; `undefined` until the first line is there, or when it is no request. */
export function readHttpRequest(bytes: Uint8Array): HttpRequest | undefined {
  const text = latin1(bytes, HEAD_MAX);
  const end = text.indexOf('\r\n');
  const [method = '', path = '', version = ''] = text.slice(0, Math.max(0, end)).split(' ');
  if (!METHODS.includes(`${method} `) || !version.startsWith('HTTP/1.')) return undefined;
  const host = /\r\nhost:[ \t]*([^\r\n:]*)/i.exec(text)?.[1];
  return { path, host: host?.trim().toLowerCase() };
}

function latin1(bytes: Uint8Array, count: number): string {
  let text = '';
  for (const byte of bytes.subarray(0, count)) text += String.fromCharCode(byte);
  return text;
}

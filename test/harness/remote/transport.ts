/** One HTTPS request to a place of the name table. */
import { once } from 'node:events';
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import { TEST_CA } from '../tls.ts';
import type { ServerPlace } from './names.ts';

export interface RawRequest {
  readonly place: ServerPlace;
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

/** Longer than any answer takes: a test that waits for nothing fails with a sentence. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Sends a request on a connection of its own. */
export async function exchange(given: RawRequest): Promise<RawAnswer> {
  const { place, method, uri, headers, body } = given;
  const request = https.request({
    host: place.address,
    port: place.port,
    method,
    path: uri,
    headers: { ...headers, ...(body !== undefined && { 'Content-Length': String(body.length) }) },
    ca: TEST_CA,
    // "Servers should respect SNI when making requests", which has no form for addresses.
    ...(/^[0-9.[]/.test(place.hostname) ? {} : { servername: place.hostname }),
    agent: false,
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const received = new Headers();
  for (const [name, value] of Object.entries(response.headers)) received.set(name, String(value));
  return { status: response.statusCode ?? 0, headers: received, bytes: Buffer.concat(chunks) };
}

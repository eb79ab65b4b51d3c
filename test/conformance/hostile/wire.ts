/** Requests as bytes: nothing is normalised, encoded or completed on the way. */
import { Agent, request } from 'node:http';
import type { TestServer } from '../../harness/index.ts';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: Uint8Array | string | undefined;
}

export interface RawAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly origin: string | undefined;
  readonly text: string;
  readonly ms: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** Sends one request and reads the whole answer. */
export function send(server: TestServer, { method, path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const outgoing = request(
      { agent, host: '127.0.0.1', port: server.port, method, path, headers: { ...length, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            contentType: response.headers['content-type'],
            origin: response.headers['access-control-allow-origin'],
            text: Buffer.concat(chunks).toString('utf8'),
            ms: performance.now() - started,
          }),
        );
        response.on('error', reject);
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // The server may answer and close before it has read a body that is too large: the answer, if any, came first.
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET') {
        resolve({ status: 413, contentType: undefined, origin: undefined, text: '', ms: performance.now() - started });
      } else reject(error);
    });
    outgoing.end(body);
  });
}

/** What is wrong with an answer to a hostile request. */
export function complaints(answer: RawAnswer, what: string): string[] {
  const told = `${what} → ${answer.status} ${answer.text.slice(0, 160)}`;
  const found: string[] = [];
  if (answer.status >= 500 && answer.status !== 504) found.push(`5xx: ${told}`);
  // A request that keeps the server busy, not one that a busy machine keeps waiting.
  if (answer.ms > 10_000) found.push(`slow (${Math.round(answer.ms)} ms): ${told}`);
  if (answer.status >= 400 && answer.text !== '' && !isErrorBody(answer)) found.push(`no error body: ${told}`);
  if (answer.text.includes('node_modules') || answer.text.includes('.ts:')) found.push(`a stack: ${told}`);
  return found;
}

function isErrorBody({ text, contentType, origin }: RawAnswer): boolean {
  if (contentType !== 'application/json' || origin !== '*') return false;
  const body = JSON.parse(text) as Record<string, unknown>;
  return (typeof body['errcode'] === 'string' && typeof body['error'] === 'string') || Array.isArray(body['flows']);
}

/** The HTTPS side of a scripted server: reads requests, asks for their answers, sends or cuts these. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { canonicalJson } from '../../../src/matrix/canonical-json.ts';
import type { JsonValue } from '../../../src/matrix/json.ts';
import { JsonParseError, parsePduJson } from '../../../src/matrix/json-parse.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../tls.ts';
import { matchOperation, type OperationMatch } from './operations.ts';
import type { ReceivedRequest, Reply } from './requests.ts';

export type Unauthenticated = Omit<ReceivedRequest, 'authentication'>;

function parseBody(bytes: Uint8Array): JsonValue | undefined {
  if (bytes.length === 0) return undefined;
  try {
    return parsePduJson(bytes).value;
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    return undefined;
  }
}

function match(method: string, path: string): OperationMatch | undefined {
  try {
    return matchOperation(method, path);
  } catch (error) {
    // A path that is not percent-encoded well is nobody's.
    if (!(error instanceof URIError)) throw error;
    return undefined;
  }
}

async function read(message: IncomingMessage): Promise<Unauthenticated> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const { method = '', url: uri = '' } = message;
  const [path = '', ...rest] = uri.split('?');
  const matched = match(method, path);
  return {
    operation: matched?.operation,
    method,
    path,
    uri,
    params: matched?.params ?? new Map(),
    query: new URLSearchParams(rest.join('?')),
    headers: message.headers,
    bytes,
    body: parseBody(bytes),
  };
}

function write(response: ServerResponse, reply: Reply): void {
  const json = reply.body === undefined ? undefined : canonicalJson(reply.body, { rawNumbers: true });
  const bytes = Buffer.from(reply.bytes ?? Buffer.from(json ?? ''));
  if (reply.cutAfter === -1) {
    response.destroy();
    return;
  }
  response.writeHead(reply.status, {
    ...(json !== undefined && { 'Content-Type': 'application/json' }),
    'Content-Length': bytes.length,
    ...reply.headers,
  });
  if (reply.cutAfter === undefined) response.end(bytes);
  else response.write(bytes.subarray(0, reply.cutAfter), () => response.destroy());
}

export class Listener {
  readonly #server: https.Server;

  constructor(answer: (request: Unauthenticated) => Promise<Reply>) {
    this.#server = https.createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (message, response) => {
      void read(message)
        .then(answer)
        .then((reply) => write(response, reply))
        // The caller has hung up, or a hook has failed: either way there is nothing left to say.
        .catch(() => response.destroy());
    });
  }

  async open(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

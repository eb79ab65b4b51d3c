/** Servers behind one socket: they answer, are not there, or take what comes and say nothing. */
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Pair } from './certificates.ts';
import { listen } from './listen.ts';

export type GroupMode = 'up' | 'refused' | 'silent';

export interface PlayedRequest {
  /** The server that is asked. */
  readonly server: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly body: string;
}

export interface PlayedAnswer {
  readonly status: number;
  readonly body: string;
  /** The connection ends in the middle of the body. */
  readonly isCut?: boolean;
}

export type Answerer = (request: PlayedRequest) => PlayedAnswer;

/** As long as the servers of the world keep a connection that nobody uses. */
const KEEP_ALIVE_MS = 65_000;

export class Group {
  readonly #server: Server;
  #mode: GroupMode = 'up';
  #port = 0;

  constructor(pair: Pair, { answer, resumesTls }: { readonly answer: Answerer; readonly resumesTls: boolean }) {
    const tls = { cert: pair.certificate, key: pair.key, secureOptions: resumesTls ? 0 : constants.SSL_OP_NO_TICKET };
    this.#server = createServer({ ...tls, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
      this.#handle(request, response, answer),
    );
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    this.#port = await listen(this.#server, this.#port);
  }

  /** From now on its servers behave so. */
  async become(mode: GroupMode): Promise<void> {
    if (mode === this.#mode) return;
    if (mode === 'refused') await this.close();
    else if (this.#mode === 'refused') await this.open();
    // Whoever has been silent knows nothing of what came meanwhile.
    else if (this.#mode === 'silent') this.#server.closeAllConnections();
    this.#mode = mode;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #handle(request: IncomingMessage, response: ServerResponse, answer: Answerer): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      if (this.#mode === 'silent') return;
      const { method = '', url: target = '', headers } = request;
      const body = Buffer.concat(chunks).toString('utf8');
      const { status, body: text, isCut } = answer({ server: headers.host ?? '', method, target, body });
      const bytes = Buffer.from(text);
      response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
      if (isCut === true) response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
      else response.end(bytes);
    });
  }
}

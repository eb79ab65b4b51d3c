/** The load generator's HTTP: kept-alive connections, no library in between. */
import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

interface Outgoing {
  readonly token?: string;
  /** In place of a token. */
  readonly authorization?: string;
  readonly body?: unknown;
  readonly bytes?: Buffer;
  readonly type?: string;
}

class StaleConnection extends Error {}

export class Http {
  readonly #base: URL;
  readonly #agent: Agent;

  /** `connections` at most are open at once; `authority` is one more to trust, as PEM. */
  constructor(baseUrl: string, connections: number, authority?: string) {
    this.#base = new URL(baseUrl);
    const options = { keepAlive: true, maxSockets: connections, ...(authority !== undefined && { ca: authority }) };
    this.#agent = this.#base.protocol === 'https:' ? new TlsAgent(options) : new Agent(options);
  }

  /**
   * Sends one request; rejects only where the connection fails. A kept-alive connection that the server closed just
   * when it was taken up again is none: the request goes out once more, as every client does.
   */
  async send(method: string, path: string, options: Outgoing = {}): Promise<Answer> {
    try {
      return await this.#sendOnce(method, path, options);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      return await this.#sendOnce(method, path, options);
    }
  }

  #sendOnce(method: string, path: string, options: Outgoing): Promise<Answer> {
    const { token, authorization, body, bytes, type } = options;
    const data = bytes ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
    const headers: Record<string, string | number> = {};
    if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    if (authorization !== undefined) headers['Authorization'] = authorization;
    if (data !== undefined) {
      headers['Content-Type'] = type ?? 'application/json';
      headers['Content-Length'] = data.length;
    }
    const start = this.#base.protocol === 'https:' ? tlsRequest : request;
    return new Promise((resolve, reject) => {
      const outgoing = start(
        { host: this.#base.hostname, port: this.#base.port, agent: this.#agent, method, path, headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
          response.on('error', reject);
        },
      );
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = outgoing.reusedSocket && error.code === 'ECONNRESET';
        reject(isStale ? new StaleConnection('the server had closed the connection', { cause: error }) : error);
      });
      outgoing.end(data);
    });
  }

  /** Sends one request and parses the answer; throws where it is not a 200. */
  async call<T>(method: string, path: string, options: { token?: string; body?: unknown } = {}): Promise<T> {
    const answer = await this.send(method, path, options);
    if (answer.status !== 200) {
      throw new Error(
        `${method} ${path.slice(0, 80)} answered ${answer.status}: ${answer.body.toString('utf8').slice(0, 200)}`,
      );
    }
    return JSON.parse(answer.body.toString('utf8')) as T;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** A user of a simulated server, with one device. */
import type { PlainAnswer } from './exchange.ts';
import type { SimulatedServer } from './server.ts';

export type Dict = Record<string, unknown>;

/** What a client was answered. */
export class Reply {
  readonly status: number;
  readonly body: Dict;

  constructor({ status, bytes }: PlainAnswer) {
    this.status = status;
    this.body = bytes.length === 0 ? {} : (JSON.parse(Buffer.from(bytes).toString('utf8')) as Dict);
  }

  get isOk(): boolean {
    return this.status === 200;
  }

  /** A member that is text; empty where there is none. */
  text(name: string): string {
    const value = this.body[name];
    return typeof value === 'string' ? value : '';
  }
}

export type Method = 'GET' | 'PUT' | 'POST';

/** A request of a client; `undefined` where the server went away before it answered. */
export async function request(
  server: SimulatedServer,
  method: Method,
  target: string,
  { token, body }: { token?: string | undefined; body?: Dict | undefined } = {},
): Promise<Reply | undefined> {
  const answer = await server.call({
    method,
    target,
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
  });
  return answer === undefined ? undefined : new Reply(answer);
}

export class SimulatedUser {
  readonly server: SimulatedServer;
  readonly id: string;
  readonly device: string;
  readonly #token: string;
  #transaction = 0;

  constructor(server: SimulatedServer, reply: Reply) {
    this.server = server;
    this.id = reply.text('user_id');
    this.device = reply.text('device_id');
    this.#token = reply.text('access_token');
  }

  /** A transaction id that was not used before. */
  nextTransaction(): string {
    this.#transaction += 1;
    return `t${this.#transaction}`;
  }

  call(method: Method, target: string, body?: Dict): Promise<Reply | undefined> {
    return request(this.server, method, target, { token: this.#token, body });
  }
}

/** A path with its parts encoded. */
export function at(texts: TemplateStringsArray, ...parts: readonly string[]): string {
  return `/_matrix/client/v3${texts
    .map((text, index) => text + (index < parts.length ? encodeURIComponent(parts[index] ?? '') : ''))
    .join('')}`;
}

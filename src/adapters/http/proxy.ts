/** Through a proxy to the other side: HTTP CONNECT (RFC 9110, 9.3.6) and SOCKS 5 (RFC 1928, RFC 1929). */
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ipaddr from 'ipaddr.js';
import type { HttpPlace } from '../../ports/http.ts';
import { failure } from './failure.ts';

export interface Proxy {
  readonly kind: 'http' | 'socks5';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Longer answers of a proxy to CONNECT are none. */
const CONNECT_ANSWER_MAX = 16_384;

/** Reads the text of `network.proxy`, which has been checked. */
export function parseProxy(text: string): Proxy {
  const url = new URL(text);
  const kind = url.protocol === 'socks5:' ? 'socks5' : 'http';
  return {
    kind,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (kind === 'socks5' ? 1080 : 80) : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

/** A connection to `target` by way of `proxy`, which looks the name up. Ends when the signal says so. */
export async function connectThrough(proxy: Proxy, target: HttpPlace, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host: proxy.host, port: proxy.port, noDelay: true });
  const cut = (): void => void socket.destroy(failure('timed out'));
  signal.addEventListener('abort', cut, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(failure('no connection')));
    });
    const reader = new SocketReader(socket);
    await (proxy.kind === 'http' ? askHttp(socket, reader, proxy, target) : askSocks(socket, reader, proxy, target));
    reader.release();
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** The same over a stream to a node that makes connections for this one. Ends when the signal says so. */
export async function connectOver(stream: Duplex, target: HttpPlace, signal: AbortSignal): Promise<Duplex> {
  const cut = (): void => void stream.destroy(failure('timed out'));
  stream.on('error', () => undefined);
  signal.addEventListener('abort', cut, { once: true });
  try {
    const reader = new SocketReader(stream);
    await askHttp(stream, reader, { user: '', password: '' }, target);
    reader.release();
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

async function askHttp(
  socket: Duplex,
  reader: SocketReader,
  proxy: Pick<Proxy, 'user' | 'password'>,
  target: HttpPlace,
): Promise<void> {
  const place = `${isIP(target.host) === 6 ? `[${target.host}]` : target.host}:${target.port}`;
  const credentials = Buffer.from(`${proxy.user}:${proxy.password}`).toString('base64');
  const authorization = proxy.user === '' ? '' : `Proxy-Authorization: Basic ${credentials}\r\n`;
  socket.write(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n${authorization}\r\n`);
  const head = await reader.until('\r\n\r\n', CONNECT_ANSWER_MAX);
  // "Any 2xx (Successful) response indicates that the sender will switch to tunnel mode."
  if (!/^HTTP\/1\.[01] 2[0-9]{2}(?: |\r)/.test(head)) throw failure('no connection', new Error('the proxy refused'));
}

const NO_AUTHENTICATION = 0;
const USER_AND_PASSWORD = 2;

async function askSocks(socket: Socket, reader: SocketReader, proxy: Proxy, target: HttpPlace): Promise<void> {
  const method = proxy.user === '' ? NO_AUTHENTICATION : USER_AND_PASSWORD;
  socket.write(Uint8Array.of(5, 1, method));
  const [version, chosen] = await reader.take(2);
  if (version !== 5 || chosen !== method) throw failure('no connection', new Error('the proxy wants another login'));
  if (method === USER_AND_PASSWORD) {
    const [user, password] = [Buffer.from(proxy.user), Buffer.from(proxy.password)];
    socket.write(Buffer.concat([Uint8Array.of(1, user.length), user, Uint8Array.of(password.length), password]));
    const [, status] = await reader.take(2);
    if (status !== 0) throw failure('no connection', new Error('the proxy refused the password'));
  }
  socket.write(Buffer.concat([Uint8Array.of(5, 1, 0), socksAddress(target.host), portBytes(target.port)]));
  const [, reply, , kind] = await reader.take(4);
  if (reply !== 0) throw failure('no connection', new Error(`the proxy answered ${reply}`));
  // The address that the proxy uses: 4 bytes, 16 bytes, or a name with its length, and then a port.
  const length = kind === 1 ? 4 : kind === 4 ? 16 : ((await reader.take(1))[0] ?? 0);
  await reader.take(length + 2);
}

function socksAddress(host: string): Uint8Array {
  if (isIP(host) !== 0) {
    const bytes = ipaddr.parse(host).toByteArray();
    return Uint8Array.of(bytes.length === 4 ? 1 : 4, ...bytes);
  }
  const name = Buffer.from(host);
  return Buffer.concat([Uint8Array.of(3, name.length), name]);
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}

/** Takes exact counts of bytes from a socket, and gives back what is left. */
class SocketReader {
  readonly #socket: Duplex;
  #held: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #isOver = false;
  readonly #keep = (chunk: Buffer): void => {
    this.#held = Buffer.concat([this.#held, chunk]);
    this.#wake?.();
  };
  readonly #end = (): void => {
    this.#isOver = true;
    this.#wake?.();
  };

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', this.#keep).on('end', this.#end).on('close', this.#end);
  }

  async take(count: number): Promise<Uint8Array> {
    while (this.#held.length < count) await this.#more();
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  /** The text up to and with `mark`. */
  async until(mark: string, lengthMax: number): Promise<string> {
    let at = this.#held.indexOf(mark);
    while (at < 0) {
      if (this.#held.length > lengthMax) throw failure('bad answer');
      await this.#more();
      at = this.#held.indexOf(mark);
    }
    return Buffer.from(await this.take(at + mark.length)).toString('latin1');
  }

  /** Lets go of the socket. */
  release(): void {
    this.#socket.off('data', this.#keep).off('end', this.#end).off('close', this.#end).pause();
    if (this.#held.length > 0) this.#socket.unshift(this.#held);
  }

  async #more(): Promise<void> {
    if (this.#isOver) throw failure('no connection');
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

/**
 * Requests over WebRTC-direct. Workers have no `RTCPeerConnection`, so a page opens the channel and passes messages on;
 * what is in them, and whether it is our server at the other end, is decided here.
 */
import {
  bindingText,
  directPassword,
  directUfrag,
  formatFingerprint,
  NONCE_BYTES,
} from '../../matrix/routes/direct.ts';
import { Mux, type MuxStream } from '../../matrix/routes/mux.ts';
import { formatRoute, type WebRtcRoute } from '../../matrix/routes/route.ts';
import { utf8Encode } from '../../lib/bytes.ts';
import { concatBytes } from '../../lib/bytes.ts';
import type { ClientEnvironment } from '../environment.ts';
import { asNumber, asObject, asString, field, parseJson } from '../json.ts';
import { RouteFailure } from './failures.ts';

/** Where a page is to connect to, and by what it knows that it is there. */
export interface DirectPlace {
  readonly address: string;
  readonly port: number;
  readonly ufrag: string;
  readonly password: string;
  /** Of the server's certificate, as SDP writes it. */
  readonly fingerprint: string;
}

/** What a page says of a channel on its port. */
export type FromPage =
  | { readonly kind: 'opened'; readonly clientFingerprint: string }
  | { readonly kind: 'message'; readonly bytes: ArrayBuffer }
  | { readonly kind: 'closed' };

/** An open channel, as a page hands it over. */
export interface DirectChannel {
  /** Of the certificate of this side. */
  readonly clientFingerprint: string;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  onMessage: ((bytes: Uint8Array) => void) | undefined;
  onClosed: (() => void) | undefined;
}

export interface DirectOptions {
  readonly environment: ClientEnvironment;
  open(place: DirectPlace, signal: AbortSignal): Promise<DirectChannel>;
  /** Whether a key of our server has signed what its end says of the channel. */
  isOurs(binding: { serverText(serverName: string): string; keyId: string; signature: string }): Promise<boolean>;
}

const OPEN_WITHIN_MS = 15_000;
const PADDING_MAX = 256;

interface Open {
  readonly mux: Mux;
}

export class DirectLines {
  readonly #options: DirectOptions;
  readonly #open = new Map<string, Promise<Open>>();

  constructor(options: DirectOptions) {
    this.#options = options;
  }

  /** Sends a request over the channel of a route, which is opened where it is not. */
  async fetch(route: WebRtcRoute, path: string, init: RequestInit): Promise<Response> {
    const { mux } = await this.#channel(route);
    const stream = mux.open();
    if (stream === undefined) throw new RouteFailure('unreachable');
    return await exchange(stream, path, init);
  }

  #channel(route: WebRtcRoute): Promise<Open> {
    const name = formatRoute(route);
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const forget = (): void => void this.#open.delete(name);
    const opened = this.#connect(route, forget);
    this.#open.set(name, opened);
    opened.catch(forget);
    return opened;
  }

  async #connect(route: WebRtcRoute, forget: () => void): Promise<Open> {
    const { environment, open } = this.#options;
    const late = new AbortController();
    const arrived = new AbortController();
    void environment.sleep(OPEN_WITHIN_MS, arrived.signal).then(() => {
      if (!arrived.signal.aborted) late.abort();
    });
    const fingerprint = formatFingerprint(route.fingerprint);
    try {
      const hmac = await hmacBy(environment, route.secret);
      const ufrag = await directUfrag(hex(environment.randomBytes(NONCE_BYTES)), hmac);
      const password = await directPassword(ufrag, hmac);
      const { address, port } = route;
      const channel = await open({ address, port, ufrag, password, fingerprint }, late.signal);
      return { mux: await this.#prove(channel, fingerprint, { signal: late.signal, forget }) };
    } finally {
      arrived.abort();
    }
  }

  /** Waits for the server's word on this very channel. Nothing is asked before. */
  #prove(
    channel: DirectChannel,
    serverFingerprint: string,
    { signal, forget }: { readonly signal: AbortSignal; forget(): void },
  ): Promise<Mux> {
    const { clientFingerprint } = channel;
    const { environment, isOurs } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        channel.close();
        forget();
        mux.close();
        reject(new RouteFailure('unreachable'));
      };
      const judge = async (text: string): Promise<void> => {
        const json = asObject(parseJson(text));
        const isOwn = await isOurs({
          serverText: (serverName) => bindingText({ serverName, clientFingerprint, serverFingerprint }),
          keyId: asString(field(json, 'key_id')) ?? '',
          signature: asString(field(json, 'signature')) ?? '',
        });
        if (isOwn) resolve(mux);
        else fail();
      };
      const mux = new Mux({
        send: (frame) => channel.send(frame),
        onBinding: (text) => void judge(text).catch(fail),
      });
      channel.onMessage = (bytes) => {
        if (!mux.receive(bytes)) fail();
      };
      channel.onClosed = fail;
      signal.addEventListener('abort', fail);
      const [length = 0] = environment.randomBytes(1);
      mux.pad(environment.randomBytes(Math.min(length, PADDING_MAX)));
    });
  }
}

async function hmacBy({ subtle }: ClientEnvironment, secret: Uint8Array): Promise<(text: string) => Promise<string>> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await subtle.importKey('raw', Uint8Array.from(secret), algorithm, false, ['sign']);
  return async (text) => hex(new Uint8Array(await subtle.sign('HMAC', key, utf8Encode(text))));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function bodyOf(body: RequestInit['body']): Promise<Uint8Array | undefined> {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return utf8Encode(body);
  if (body instanceof Uint8Array) return body;
  return new Uint8Array(await new Response(body).arrayBuffer());
}

async function exchange(stream: MuxStream, path: string, init: RequestInit): Promise<Response> {
  const body = await bodyOf(init.body);
  const headers = Object.fromEntries(new Headers(init.headers));
  init.signal?.addEventListener('abort', () => stream.reset());
  const answer = answerOf(stream);
  stream.head(JSON.stringify({ method: init.method ?? 'GET', path, headers }));
  if (body !== undefined) await stream.body(body);
  stream.end();
  return await answer;
}

const BODILESS = new Set([204, 205, 304]);

/** The answer of a stream: its head first, its body as it is read. */
function answerOf(stream: MuxStream): Promise<Response> {
  return new Promise((resolve, reject) => {
    let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (one) => {
        controller = one;
      },
      cancel: () => stream.reset(),
    });
    stream.onHead = (text) => {
      const json = asObject(parseJson(text));
      const status = asNumber(field(json, 'status')) ?? 0;
      if (!Number.isInteger(status) || status < 200 || status > 599) return stream.reset();
      const headers = new Headers();
      for (const [name, value] of Object.entries(asObject(field(json, 'headers')) ?? {})) {
        if (typeof value === 'string' && /^[a-z-]{1,64}$/.test(name) && /^[\t -~]*$/.test(value))
          headers.set(name, value);
      }
      resolve(new Response(BODILESS.has(status) ? null : body, { status, headers }));
    };
    stream.onBody = (bytes) => {
      controller?.enqueue(concatBytes([bytes]));
      stream.used(bytes.length);
    };
    stream.onEnd = () => {
      controller?.close();
    };
    stream.onReset = () => {
      const failure = new RouteFailure('unreachable');
      controller?.error(failure);
      reject(failure);
    };
  });
}

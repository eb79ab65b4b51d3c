/**
 * Signed requests to one authority, RFC 8555 §6. All of them go to the origin of its directory and through the gate for
 * outgoing requests; their answers are bounded in bytes and in time.
 */
import { type CryptoKey, FlattenedSign, type JWK } from 'jose';
import type { Clock } from '../../ports/clock.ts';
import type { Http, HttpAnswer, HttpRequest } from '../../ports/http.ts';
import { badAnswer, Refusal } from './refusal.ts';
import { type Directory, objectOf, readDirectory, readProblem } from './shapes.ts';

export interface TransportOptions {
  readonly http: Http;
  readonly clock: Clock;
  /** The URL of the directory: `https://…`. */
  readonly directory: string;
}

/** By what a request is signed: the account's URL, or for a new account its public key. */
export interface Signer {
  readonly key: CryptoKey;
  readonly identity: { readonly kid: string } | { readonly jwk: JWK };
}

export interface Call {
  readonly url: string;
  /** `undefined` is a POST-as-GET. */
  readonly payload?: unknown;
  readonly signer: Signer;
  readonly signal: AbortSignal;
  readonly bytesMax?: number;
  readonly accept?: string;
}

const TIMEOUT_MS = 30_000;
const JSON_BYTES_MAX = 65_536;
/** §6.5: an answer with "badNonce" brings a new one. A server that means it takes one of so many. */
const NONCE_TRIES = 20;
/** What is waited for here; whoever is told to wait longer comes back later. */
const PAUSE_MAX_MS = 30_000;
const PAUSES_MAX = 3;
/** An authority may add profiles, or move. */
const DIRECTORY_MS = 3_600_000;
const WAIT_MAX_MS = 7 * 86_400_000;

export class Transport {
  readonly #options: TransportOptions;
  readonly #origin: URL;
  #directory: { readonly value: Directory; readonly until: number } | undefined;
  #nonce: string | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#origin = new URL(options.directory);
  }

  /** The directory, kept for a while. */
  async directory(signal: AbortSignal): Promise<Directory> {
    const now = this.#options.clock.monotonic();
    if (this.#directory !== undefined && now < this.#directory.until) return this.#directory.value;
    const value = readDirectory(objectOf(await this.get(this.#options.directory, signal)));
    this.#directory = { value, until: now + DIRECTORY_MS };
    return value;
  }

  /** An unsigned question. Throws a {@link Refusal} where the answer is an error. */
  async get(url: string, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#options.http.request(this.#request(url, { method: 'GET', signal }));
    if (answer.status !== 200) throw this.#refusalOf(answer);
    return answer;
  }

  /** A signed request. Throws a {@link Refusal} where the answer is an error. */
  async post(call: Call): Promise<HttpAnswer> {
    let pauses = 0;
    for (let nonces = 0; ; ) {
      const answer = await this.#postOnce(call);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const refusal = this.#refusalOf(answer);
      if (refusal.type === 'badNonce' && nonces < NONCE_TRIES) {
        nonces += 1;
        continue;
      }
      const waitMs = refusal.retryAfterMs;
      // §6.6: an error of the type "rateLimited", with a Retry-After that says when it may be tried again.
      const isBusy = answer.status === 503 || answer.status === 429;
      if (!isBusy || waitMs === undefined || waitMs > PAUSE_MAX_MS || pauses >= PAUSES_MAX) throw refusal;
      pauses += 1;
      await pause(this.#options.clock, waitMs, call.signal);
    }
  }

  /** How long an answer asks to wait, at most {@link WAIT_MAX_MS}; `undefined` where it does not. */
  retryAfterMs({ headers }: Pick<HttpAnswer, 'headers'>): number | undefined {
    const text = headers.get('retry-after');
    if (text === undefined) return undefined;
    const ms = /^[0-9]{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - this.#options.clock.now();
    return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), WAIT_MAX_MS);
  }

  /** The URL that an answer names, at the authority's own origin. */
  locationOf({ headers }: Pick<HttpAnswer, 'headers'>): string {
    const location = headers.get('location');
    if (location === undefined || !URL.canParse(location, this.#origin.href)) throw badAnswer('no Location');
    const url = new URL(location, this.#origin.href);
    this.#check(url);
    return url.href;
  }

  async #postOnce({ url, payload, signer, signal, bytesMax = JSON_BYTES_MAX, accept }: Call): Promise<HttpAnswer> {
    const nonce = await this.#takeNonce(signal);
    const body = new TextEncoder().encode(payload === undefined ? '' : JSON.stringify(payload));
    const jws = await new FlattenedSign(body)
      .setProtectedHeader({ alg: 'ES256', nonce, url, ...signer.identity })
      .sign(signer.key);
    const request = this.#request(url, { method: 'POST', signal });
    const answer = await this.#options.http.request({
      ...request,
      bytesMax,
      body: JSON.stringify(jws),
      headers: { 'Content-Type': 'application/jose+json', ...(accept !== undefined && { Accept: accept }) },
    });
    this.#keepNonce(answer);
    return answer;
  }

  /** §7.2: the nonce of the last answer, or a new one. */
  async #takeNonce(signal: AbortSignal): Promise<string> {
    if (this.#nonce === undefined) {
      const { newNonce } = await this.directory(signal);
      // It may be asked by GET as well as by HEAD, which the gate does not have.
      this.#keepNonce(await this.#options.http.request(this.#request(newNonce, { method: 'GET', signal })));
    }
    const nonce = this.#nonce;
    this.#nonce = undefined;
    if (nonce === undefined) throw badAnswer('no nonce');
    return nonce;
  }

  #keepNonce({ headers }: HttpAnswer): void {
    const nonce = headers.get('replay-nonce');
    // §6.5.1: "Clients MUST ignore invalid Replay-Nonce values."
    if (nonce !== undefined && /^[0-9A-Za-z_-]{1,512}$/.test(nonce)) this.#nonce = nonce;
  }

  #refusalOf(answer: HttpAnswer): Refusal {
    const { type, detail } = readProblem(answer);
    const why = [`the authority answers ${answer.status}`, type, detail].filter((one) => one !== '').join(': ');
    return new Refusal(why, { type, retryAfterMs: this.retryAfterMs(answer) });
  }

  #request(text: string, { method, signal }: { method: 'GET' | 'POST'; signal: AbortSignal }): HttpRequest {
    if (!URL.canParse(text)) throw badAnswer('a URL that is none');
    const url = new URL(text);
    this.#check(url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? 443 : Number(url.port);
    return {
      destination: { scheme: 'https', targets: [{ host, port }], order: 'race', certificateName: host, host: url.host },
      method,
      path: url.pathname + url.search,
      bytesMax: JSON_BYTES_MAX,
      timeoutMs: TIMEOUT_MS,
      signal,
    };
  }

  /** What we sign goes to the authority alone, whatever it names. */
  #check(url: URL): void {
    // §6.1: "Communications between an ACME client and an ACME server are done over HTTPS".
    const isOurs = url.protocol === 'https:' && url.host === this.#origin.host;
    if (!isOurs || url.username !== '' || url.password !== '') throw badAnswer('a URL of another origin');
  }
}

/** Waits; rejects where `signal` ends first. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cut = (): void => {
      timer.cancel();
      reject(new Refusal('it was given up'));
    };
    const timer = clock.schedule(delayMs, () => {
      signal.removeEventListener('abort', cut);
      resolve();
    });
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
  });
}

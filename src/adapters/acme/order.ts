/** One order, from the wish to the certificate (RFC 8555 §7.4). What was begun is gone on with after a crash. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { encodeBase64Url } from '../../lib/base64.ts';
import { getString, isObject } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { Certificate, CertificateRequest, PrivateTexts } from '../../ports/certificates.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HttpAnswer } from '../../ports/http.ts';
import type { Account } from './account.ts';
import { challengeOf } from './challenges.ts';
import { Refusal } from './refusal.ts';
import { type Authorization, type Identifier, objectOf, type Order, readAuthorization, readOrder } from './shapes.ts';
import { pause, type Transport } from './transport.ts';
import { makeKey, makeRequest, renewalName } from './x509.ts';

export interface OrderParts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly texts: PrivateTexts;
  readonly account: Account;
  readonly request: CertificateRequest;
}

/** How often an authority is asked whether it has got on, and for how long. */
const POLL = { firstMs: 1_000, maxMs: 30_000, inAllMs: 300_000 } as const;
const CHAIN_BYTES_MAX = 262_144;

interface Pending {
  readonly url: string;
  /** Of the certificate to come, PEM. */
  readonly key: string;
  /** Names, challenge, profile and the former certificate that it was placed for. */
  readonly wish: string;
}

export class Ordering {
  readonly #parts: OrderParts;
  readonly #undo: (() => void)[] = [];

  constructor(parts: OrderParts) {
    this.#parts = parts;
  }

  /** The certificate. Throws a {@link Refusal} where the authority gives none. */
  async run(): Promise<Certificate> {
    try {
      const { pending, order } = await this.#resumed().then((known) => known ?? this.#place());
      const ready = order.status === 'pending' ? await this.#prove(order, pending.url) : order;
      const valid = ready.status === 'valid' ? ready : await this.#finalize(ready, pending);
      const certificate = await this.#download(valid, pending.key);
      return certificate;
    } catch (error) {
      // A refused order is of no more use; one that was interrupted is gone on with.
      if (error instanceof Refusal && !this.#parts.request.signal.aborted) this.#parts.texts.remove(this.#file);
      throw error;
    } finally {
      for (const undo of this.#undo) undo();
    }
  }

  get #file(): string {
    return `${this.#parts.request.id}.order.json`;
  }

  get #wish(): string {
    const { names, kind, profile, replaces = '' } = this.#parts.request;
    // The certificate that came of an order is the one that the next order replaces: no order is used twice.
    const former = createHash('sha256').update(replaces).digest('base64');
    return JSON.stringify([names, kind, profile ?? null, former]);
  }

  /** An order that was placed before for the same wish, where the authority still goes on with it. */
  async #resumed(): Promise<{ pending: Pending; order: Order } | undefined> {
    const pending = readPending(this.#parts.texts.read(this.#file));
    if (pending === undefined || pending.wish !== this.#wish) return undefined;
    try {
      const order = readOrder(objectOf(await this.#ask(pending.url)));
      return order.status === 'invalid' ? undefined : { pending, order };
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  async #place(): Promise<{ pending: Pending; order: Order }> {
    const { transport, request, texts, account } = this.#parts;
    const directory = await transport.directory(request.signal);
    const { profile, replaces } = request;
    const profiles = directory.profiles ?? [];
    if (profile !== undefined && !profiles.includes(profile)) {
      const known = profiles.length === 0 ? 'it has none' : `it has ${profiles.slice(0, 10).join(', ').slice(0, 200)}`;
      throw new Refusal(`the authority has no profile ${profile}; ${known}`);
    }
    // RFC 9773 §5: an authority that knows "renewalInfo" takes "replaces".
    const former = directory.renewalInfo === undefined || replaces === undefined ? undefined : renewalName(replaces);
    const payload = {
      identifiers: request.names.map(identifierOf),
      ...(profile !== undefined && { profile }),
    };
    const place = async (more: object): Promise<HttpAnswer> =>
      await transport.post({
        url: directory.newOrder,
        payload: { ...payload, ...more },
        signer: account.signer,
        signal: request.signal,
      });
    let answer: HttpAnswer;
    try {
      answer = await place(former === undefined ? {} : { replaces: former });
    } catch (error) {
      // §5: "alreadyReplaced", or a certificate of another authority: the order stands without the word.
      const isOfReplacing = former !== undefined && error instanceof Refusal && REPLACING.has(error.type);
      if (!isOfReplacing) throw error;
      answer = await place({});
    }
    const pending = { url: transport.locationOf(answer), key: await makeKey(), wish: this.#wish };
    texts.write(this.#file, JSON.stringify(pending));
    return { pending, order: readOrder(objectOf(answer)) };
  }

  /** Shows for every name what the authority wants to see, and waits until the order is ready. */
  async #prove(order: Order, url: string): Promise<Order> {
    const open: { readonly answer: string; readonly authorization: string }[] = [];
    for (const authorization of order.authorizations) {
      const read = readAuthorization(objectOf(await this.#ask(authorization)));
      if (read.status === 'valid') continue;
      if (read.status !== 'pending') throw new Refusal(whyNot(read));
      open.push({ authorization, answer: await this.#show(read) });
    }
    // Everything is there before the authority looks at the first: names may share a record.
    await this.#parts.request.ready();
    for (const { answer } of open) await this.#post(answer, {});
    for (const { authorization } of open) {
      await this.#until(authorization, (answer) => {
        const read = readAuthorization(objectOf(answer));
        if (read.status !== 'pending' && read.status !== 'valid') throw new Refusal(whyNot(read));
        return read.status === 'valid' ? read : undefined;
      });
    }
    return await this.#until(url, (answer) => settled(readOrder(objectOf(answer)), 'pending'));
  }

  /** Shows what one authorization wants; the URL that is told when the authority may look. */
  async #show({ identifier, challenges }: Authorization): Promise<string> {
    const { request, account, clock } = this.#parts;
    const wanted = challenges.find(({ type }) => type === request.kind);
    if (wanted === undefined) {
      const offered = challenges
        .map(({ type }) => type)
        .join(', ')
        .slice(0, 200);
      throw new Refusal(`the authority does not take ${request.kind} for ${identifier.value}; it takes ${offered}`);
    }
    const name = requireOurs(identifier, request.names);
    const { thumbprint } = account;
    const parts = { kind: request.kind, name, token: wanted.token, thumbprint, nowMs: clock.now() };
    this.#undo.push(await request.present(challengeOf(parts)));
    return wanted.url;
  }

  async #finalize(order: Order, { url, key }: Pending): Promise<Order> {
    if (order.status === 'ready') {
      const csr = encodeBase64Url(await makeRequest(this.#parts.request.names, key));
      const answered = readOrder(objectOf(await this.#post(order.finalize, { csr })));
      if (answered.status === 'valid') return answered;
    }
    return await this.#until(url, (answer) => settled(readOrder(objectOf(answer)), 'processing', 'ready'));
  }

  async #download(order: Order, key: string): Promise<Certificate> {
    const { transport, account, request } = this.#parts;
    if (order.certificate === undefined) throw new Refusal('the order is done, but there is no certificate');
    const answer = await transport.post({
      url: order.certificate,
      signer: account.signer,
      signal: request.signal,
      bytesMax: CHAIN_BYTES_MAX,
      accept: 'application/pem-certificate-chain',
    });
    const certificate = { certificate: Buffer.from(answer.bytes).toString('utf8'), key };
    const why = request.check(certificate);
    if (why !== undefined) throw new Refusal(why);
    return certificate;
  }

  /** Asks for `url` until `look` finds what it waits for. */
  async #until<T>(url: string, look: (answer: HttpAnswer) => T | undefined): Promise<T> {
    const { clock, transport, request } = this.#parts;
    const endAt = clock.monotonic() + POLL.inAllMs;
    for (let pauseMs: number = POLL.firstMs; ; pauseMs = Math.min(pauseMs * 2, POLL.maxMs)) {
      const answer = await this.#ask(url);
      const found = look(answer);
      if (found !== undefined) return found;
      if (clock.monotonic() >= endAt) throw new Refusal('the authority does not get on with the order');
      const askedMs = transport.retryAfterMs(answer);
      await pause(clock, Math.min(Math.max(askedMs ?? pauseMs, POLL.firstMs), POLL.maxMs), request.signal);
    }
  }

  async #ask(url: string): Promise<HttpAnswer> {
    return await this.#post(url, undefined);
  }

  async #post(url: string, payload: object | undefined): Promise<HttpAnswer> {
    const { transport, account, request } = this.#parts;
    return await transport.post({ url, payload, signer: account.signer, signal: request.signal });
  }
}

const REPLACING: ReadonlySet<string> = new Set(['alreadyReplaced', 'malformed', 'unauthorized', 'orderReplaced']);

/** An order that is no longer in one of these states. Throws where it has failed. */
function settled(order: Order, ...waiting: string[]): Order | undefined {
  if (order.status === 'invalid')
    throw new Refusal(`the order has failed: ${order.error?.detail ?? 'no reason is given'}`);
  return waiting.includes(order.status) ? undefined : order;
}

function whyNot({ status, identifier, challenges }: Authorization): string {
  const found = challenges.find(({ error }) => error !== undefined)?.error;
  const why = found === undefined ? '' : `: ${[found.type, found.detail].filter((one) => one !== '').join(': ')}`;
  return `the authority does not believe that ${identifier.value.slice(0, 253)} is ours (${status.slice(0, 20)})${why}`;
}

/** An authorization is for one of the names of the order, or none of our business. */
function requireOurs({ value }: Identifier, names: readonly string[]): string {
  const name = names.map((one) => one.replace(/^\*\./, '')).find((one) => isSame(one, value));
  if (name === undefined) throw new Refusal(`the authority asks for ${value.slice(0, 253)}, which was not ordered`);
  return name;
}

function isSame(one: string, other: string): boolean {
  if (isIP(one) !== 6 || isIP(other) !== 6) return one.toLowerCase() === other.toLowerCase();
  return new URL(`http://[${one}]/`).hostname === new URL(`http://[${other}]/`).hostname;
}

function identifierOf(name: string): Identifier {
  // RFC 8738 §3: an address is written in its canonical form (RFC 5952).
  if (isIP(name) === 6) return { type: 'ip', value: new URL(`http://[${name}]/`).hostname.slice(1, -1) };
  return isIP(name) === 4 ? { type: 'ip', value: name } : { type: 'dns', value: name.toLowerCase() };
}

function readPending(text: string | undefined): Pending | undefined {
  const value = text === undefined ? undefined : parseTrusted(text);
  if (!isObject(value)) return undefined;
  const [url, key, wish] = ['url', 'key', 'wish'].map((name) => getString(value, name));
  return url === undefined || key === undefined || wish === undefined ? undefined : { url, key, wish };
}

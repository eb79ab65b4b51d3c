/** An authority that says what a test wants: every answer can be replaced, and all that was asked is remembered. */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as x509 from '@peculiar/x509';
import { TestAuthority } from '../../src/bench/remotes/certificates.ts';
import { startPlace } from '../harness/places.ts';
import { isRecord } from '../harness/schema.ts';

export const tlsAuthority = new TestAuthority('scripted');
const pair = tlsAuthority.issue({ names: ['127.0.0.1'] });
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Bytes instead of a body. */
  readonly raw?: string | Buffer;
}

/** What replaces the answer at a path; `undefined` leaves it. */
export type Hook = (path: string, payload: unknown, count: number) => Answer | undefined | 'hang' | Promise<Answer>;

export interface Asked {
  readonly path: string;
  readonly payload: unknown;
  readonly header: Record<string, unknown>;
}

export class ScriptedAuthority {
  readonly asked: Asked[] = [];
  hook: Hook = () => undefined;
  /** In the directory beside what every authority has. */
  more: Record<string, unknown> = {};
  /** How long its certificates are good for. */
  lifeMs = 90 * 86_400_000;
  origin = '';
  #csr: string | undefined;
  #isAnswered = false;
  #issuer: { keys: CryptoKeyPair; certificate: x509.X509Certificate } | undefined;
  #names: { type: string; value: string }[] = [];
  readonly #counts = new Map<string, number>();

  static async start(): Promise<ScriptedAuthority> {
    const authority = new ScriptedAuthority();
    const port = await startPlace((request, response) => authority.#answer(request, response), pair);
    authority.origin = `https://127.0.0.1:${port}`;
    const keys = await crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
    const options = { name: 'CN=Scripted', keys, signingAlgorithm: P256 };
    const extensions = [
      new x509.BasicConstraintsExtension(true, 0, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ];
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({ ...options, extensions });
    authority.#issuer = { keys, certificate };
    return authority;
  }

  get directory(): string {
    return `${this.origin}/dir`;
  }

  /** A chain for the names of the last order and the key of its request. */
  async chain(change: { names?: string[]; publicKey?: CryptoKey; lifeMs?: number } = {}): Promise<string> {
    const issuer = this.#issuer;
    if (issuer === undefined || this.#csr === undefined) throw new Error('nothing was ordered');
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(this.#csr, 'base64url'));
    const names = change.names?.map((value) => ({ type: 'dns' as const, value }));
    const ordered = this.#names.map(({ type, value }) => ({
      type: type === 'ip' ? ('ip' as const) : ('dns' as const),
      value,
    }));
    const now = Date.now();
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: `00${randomBytes(8).toString('hex')}`,
      subject: 'CN=leaf',
      issuer: issuer.certificate.subject,
      notBefore: new Date(now - 1_000),
      notAfter: new Date(now + (change.lifeMs ?? this.lifeMs)),
      publicKey: change.publicKey ?? request.publicKey,
      signingKey: issuer.keys.privateKey,
      signingAlgorithm: P256,
      extensions: [
        new x509.SubjectAlternativeNameExtension(names ?? ordered),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
      ],
    });
    return `${leaf.toString('pem')}\n${issuer.certificate.toString('pem')}\n`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? '/';
    const { payload, header } = readJws(Buffer.concat(chunks).toString());
    this.asked.push({ path, payload, header });
    const count = (this.#counts.get(path) ?? 0) + 1;
    this.#counts.set(path, count);
    const hooked = await this.hook(path, payload, count);
    if (hooked === 'hang') return;
    const answer = hooked ?? (await this.#usual(path, payload));
    const text = answer.raw ?? JSON.stringify(answer.body ?? {});
    response.writeHead(answer.status ?? 200, {
      'Replay-Nonce': randomBytes(12).toString('base64url'),
      ...answer.headers,
    });
    response.end(text);
  }

  async #usual(path: string, payload: unknown): Promise<Answer> {
    const at = (name: string): string => `${this.origin}/${name}`;
    if (path === '/dir') {
      const body = { newNonce: at('nonce'), newAccount: at('account'), newOrder: at('order'), ...this.more };
      return { body };
    }
    if (path === '/account') return { status: 201, headers: { Location: at('account/1') }, body: { status: 'valid' } };
    if (path === '/order') {
      const identifiers = isRecord(payload) ? payload['identifiers'] : [];
      this.#csr = undefined;
      this.#isAnswered = false;
      this.#names = identifiers as { type: string; value: string }[];
      return { status: 201, headers: { Location: at('order/1') }, body: this.order('pending') };
    }
    if (path === '/order/1') return { body: this.order(this.#csr === undefined ? 'ready' : 'valid') };
    if (path === '/authorization') return { body: this.authorization('pending') };
    if (path === '/finalize' && isRecord(payload)) {
      this.#csr = String(payload['csr']);
      return { body: this.order('valid') };
    }
    if (path === '/certificate') return { raw: await this.chain() };
    if (path !== '/challenge') return {};
    this.#isAnswered = true;
    return { body: this.authorization('valid').challenges[0] };
  }

  order(status: string): Record<string, unknown> {
    const at = (name: string): string => `${this.origin}/${name}`;
    return {
      status,
      identifiers: this.#names,
      authorizations: [at('authorization')],
      finalize: at('finalize'),
      ...(status === 'valid' && { certificate: at('certificate') }),
    };
  }

  /** Pending until its challenge was answered. */
  authorization(status: string) {
    return {
      status: this.#isAnswered ? 'valid' : status,
      identifier: this.#names[0],
      challenges: [{ type: 'http-01', url: `${this.origin}/challenge`, status: 'pending', token: 'a'.repeat(43) }],
    };
  }
}

function readJws(text: string): { payload: unknown; header: Record<string, unknown> } {
  if (text === '') return { payload: undefined, header: {} };
  const jws = JSON.parse(text) as Record<string, string>;
  const part = (name: string): string => Buffer.from(jws[name] ?? '', 'base64url').toString();
  const payload = part('payload');
  return {
    payload: payload === '' ? undefined : (JSON.parse(payload) as unknown),
    header: JSON.parse(part('protected')) as Record<string, unknown>,
  };
}

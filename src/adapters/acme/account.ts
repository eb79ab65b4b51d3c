/** The account at an authority: its key, which is kept before anything is signed by it, and its URL. */
import {
  calculateJwkThumbprint,
  type CryptoKey,
  exportJWK,
  exportPKCS8,
  FlattenedSign,
  generateKeyPair,
  importPKCS8,
  type JWK,
} from 'jose';
import { createHash, createPublicKey } from 'node:crypto';
import { decodeBase64Url } from '../../lib/base64.ts';
import { getString, isObject } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { PrivateTexts } from '../../ports/certificates.ts';
import { Refusal } from './refusal.ts';
import type { Directory } from './shapes.ts';
import type { Signer, Transport } from './transport.ts';

export interface ExternalAccount {
  readonly keyId: string;
  /** In base64url, as authorities give it. */
  readonly key: string;
}

export interface AccountOptions {
  readonly transport: Transport;
  readonly texts: PrivateTexts;
  readonly directory: string;
  /** `mailto:…` */
  readonly contact: readonly string[];
  readonly termsAgreed: boolean;
  readonly externalAccount: ExternalAccount | undefined;
}

export interface Account {
  readonly signer: Signer;
  /** RFC 7638. */
  readonly thumbprint: string;
}

interface Kept {
  /** PKCS #8, PEM. */
  readonly key: string;
  readonly url?: string | undefined;
  readonly contact?: string | undefined;
}

/** The account; made at the authority where there is none yet. Throws a {@link Refusal}. */
export async function openAccount(options: AccountOptions, signal: AbortSignal): Promise<Account> {
  const { texts, contact } = options;
  const name = fileOf(options.directory);
  const kept = readKept(texts.read(name)) ?? { key: await makeAccountKey() };
  // Whoever is interrupted finds the same account again by the same key.
  if (kept.url === undefined) texts.write(name, JSON.stringify(kept));
  const key = await importPKCS8(kept.key, 'ES256');
  const jwk = await exportJWK(createPublicKey(kept.key));
  const wanted = JSON.stringify(contact);
  const url = kept.url ?? (await register(options, { key, jwk, signal }));
  const signer: Signer = { key, identity: { kid: url } };
  if (kept.url !== undefined && kept.contact !== wanted) {
    await options.transport.post({ url, payload: { contact }, signer, signal });
  }
  if (kept.url === undefined || kept.contact !== wanted) {
    texts.write(name, JSON.stringify({ key: kept.key, url, contact: wanted }));
  }
  return { signer, thumbprint: await calculateJwkThumbprint(jwk, 'sha256') };
}

/** Forgets where the account is, and keeps its key: for an authority that knows it no more. */
export function forgetAccount({ texts, directory }: AccountOptions): void {
  const kept = readKept(texts.read(fileOf(directory)));
  if (kept !== undefined) texts.write(fileOf(directory), JSON.stringify({ key: kept.key }));
}

interface Registration {
  readonly key: CryptoKey;
  readonly jwk: JWK;
  readonly signal: AbortSignal;
}

/** RFC 8555 §7.3. */
async function register(options: AccountOptions, { key, jwk, signal }: Registration): Promise<string> {
  const { transport, contact, termsAgreed, externalAccount } = options;
  const directory = await transport.directory(signal);
  requireAgreement(directory, options);
  const answer = await transport.post({
    url: directory.newAccount,
    payload: {
      contact,
      ...(termsAgreed && { termsOfServiceAgreed: true }),
      ...(externalAccount !== undefined && {
        externalAccountBinding: await bind(externalAccount, jwk, directory.newAccount),
      }),
    },
    signer: { key, identity: { jwk } },
    signal,
  });
  return transport.locationOf(answer);
}

function requireAgreement(directory: Directory, { termsAgreed, externalAccount }: AccountOptions): void {
  const { termsOfService, needsExternalAccount } = directory;
  if (termsOfService !== undefined && !termsAgreed) {
    const where = termsOfService.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 300);
    throw new Refusal(`read the terms of the authority at ${where}, then set certificates.termsAgreed: true`);
  }
  if (needsExternalAccount && externalAccount === undefined) {
    throw new Refusal('the authority wants an account of its own: set certificates.externalAccount');
  }
}

/** §7.3.4: the account's public key, signed by the key that the authority gave. */
async function bind({ keyId, key }: ExternalAccount, jwk: JWK, url: string): Promise<unknown> {
  const secret = decodeBase64Url(key);
  if (secret === undefined) throw new Refusal('certificates.externalAccount.key is no base64url');
  return await new FlattenedSign(new TextEncoder().encode(JSON.stringify(jwk)))
    .setProtectedHeader({ alg: 'HS256', kid: keyId, url })
    .sign(secret);
}

async function makeAccountKey(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return await exportPKCS8(privateKey);
}

function readKept(text: string | undefined): Kept | undefined {
  if (text === undefined) return undefined;
  const value = parseTrusted(text);
  const key = isObject(value) ? getString(value, 'key') : undefined;
  if (!isObject(value) || key === undefined) return undefined;
  return { key, url: getString(value, 'url'), contact: getString(value, 'contact') };
}

function fileOf(directory: string): string {
  return `account-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.json`;
}

/** What a certificate says, and whether a listener can use it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Certificate } from '../../ports/certificates.ts';

export interface CertificateFacts {
  /** SHA-256 of the certificate, in hexadecimal. */
  readonly fingerprint: string;
  readonly issuer: string;
  readonly validFrom: number;
  readonly validTo: number;
}

const CHAIN_MAX = 10;
const TEXT_CHARS_MAX = 262_144;
const PEM = /-----BEGIN CERTIFICATE-----[0-9A-Za-z+/=\s]{1,65536}-----END CERTIFICATE-----/g;

/** The facts of the first certificate of a text; `undefined` where there is none. */
export function factsOf(pem: string): CertificateFacts | undefined {
  const [leaf] = chainOf(pem) ?? [];
  if (leaf === undefined) return undefined;
  return {
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    issuer: issuerOf(leaf),
    validFrom: leaf.validFromDate.getTime(),
    validTo: leaf.validToDate.getTime(),
  };
}

/** The issuer in a few words. They are somebody else's, and end on a terminal. */
export function issuerOf({ issuer }: X509Certificate): string {
  const name = /^CN=(.*)$/m.exec(issuer)?.[1] ?? /^O=(.*)$/m.exec(issuer)?.[1] ?? issuer;
  return name.replaceAll(/\p{C}/gu, ' ').slice(0, 100);
}

export interface CheckOptions {
  readonly names: readonly string[];
  readonly nowMs: number;
}

/** Why a listener for `names` could not use this; `undefined` where it can. */
export function whyUnusable({ certificate, key }: Certificate, { names, nowMs }: CheckOptions): string | undefined {
  const [leaf, ...issuers] = chainOf(certificate) ?? [];
  if (leaf === undefined) return 'no chain of certificates came';
  if (!belongTogether(leaf, key)) return 'the certificate is for another key';
  const missing = names.find((name) => !covers(leaf, name));
  if (missing !== undefined) return `the certificate is not for ${missing}`;
  if (leaf.validToDate.getTime() <= nowMs) return 'the certificate is over already, or the clock is wrong';
  const below = [leaf, ...issuers.slice(0, -1)];
  const isChain = issuers.every((issuer, index) => below[index]?.checkIssued(issuer) === true);
  return isChain ? undefined : 'the certificates are not a chain';
}

/** Whether one certificate comes after another of the same names. */
export function isNewer(one: CertificateFacts, other: CertificateFacts | undefined): boolean {
  if (other === undefined || one.validFrom > other.validFrom) return true;
  return one.validFrom === other.validFrom && one.validTo > other.validTo;
}

function chainOf(text: string): X509Certificate[] | undefined {
  if (text.length > TEXT_CHARS_MAX) return undefined;
  const found = text.match(PEM) ?? [];
  if (found.length > CHAIN_MAX) return undefined;
  try {
    return found.map((one) => new X509Certificate(one));
  } catch {
    return undefined;
  }
}

function belongTogether(leaf: X509Certificate, key: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function covers(leaf: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return leaf.checkIP(name) !== undefined;
  // A star stands for one label, whichever.
  return leaf.checkHost(name.replace(/^\*\./, 'any.'), { subject: 'never' }) !== undefined;
}

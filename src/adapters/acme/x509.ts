/** The certificates and requests that are made here. Loads what makes them: for those who need it. */
import 'reflect-metadata';
import { createHash, createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  Extension,
  type JsonGeneralName,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Certificate } from '../../ports/certificates.ts';
import { encodeBase64Url } from '../../lib/base64.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** RFC 8737 §6.1. */
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31';
const DAY_MS = 86_400_000;
const DAYS = 30;

/** A private key on P-256, PKCS #8 as PEM. */
export async function makeKey(): Promise<string> {
  const { privateKey } = await crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
}

/** A request for a certificate for these names and addresses, DER. */
export async function makeRequest(names: readonly string[], key: string): Promise<Uint8Array> {
  const keys = await importPair(key);
  const request = await Pkcs10CertificateRequestGenerator.create(
    { keys, signingAlgorithm: SIGNING, extensions: [new SubjectAlternativeNameExtension(names.map(generalName))] },
    crypto,
  );
  return new Uint8Array(request.rawData);
}

/** What tls-alpn-01 shows for a name. */
export async function makeChallengeCertificate(
  name: string,
  keyAuthorization: string,
  nowMs: number,
): Promise<Certificate> {
  // RFC 8737 §3: "The acmeIdentifier extension MUST contain the SHA-256 digest [FIPS180-4] of the key authorization
  // [RFC8555] for the challenge." It is an OCTET STRING of 32 bytes.
  const digest = createHash('sha256').update(keyAuthorization).digest();
  const value = new Uint8Array([0x04, digest.length, ...digest]);
  // "The acmeIdentifier extension MUST be critical so that the certificate isn't inadvertently used by non-ACME
  // software."
  return await selfSigned([name], nowMs, [new Extension(ACME_IDENTIFIER, true, value)]);
}

/** What a listener shows until there is a certificate for its names. */
export async function makePlaceholder(names: readonly string[], nowMs: number): Promise<Certificate> {
  return await selfSigned(names, nowMs, [new BasicConstraintsExtension(false, undefined, true)]);
}

/** A certificate that whoever uses it knows by its fingerprint: no authority's rules apply to it. */
export async function makePinned(key: string, { nowMs, years }: { nowMs: number; years: number }): Promise<string> {
  const { certificate } = await selfSigned(['localhost'], nowMs, [], { key, days: Math.floor(years * 365.25) });
  return certificate;
}

/** RFC 9773 §4.1: the name of a certificate is that of its issuer's key and its serial number. */
export function renewalName(pem: string): string | undefined {
  const certificate = new X509Certificate(pem);
  const issuer = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId;
  if (issuer === undefined) return undefined;
  const serial = Buffer.from(certificate.serialNumber, 'hex');
  // DER writes a positive number with a zero in front where its first bit is set.
  const isNegative = ((serial[0] ?? 0) & 0x80) !== 0;
  const bytes = isNegative ? Buffer.concat([Buffer.from([0]), serial]) : serial;
  return `${encodeBase64Url(Buffer.from(issuer, 'hex'))}.${encodeBase64Url(bytes)}`;
}

async function selfSigned(
  names: readonly string[],
  nowMs: number,
  more: Extension[],
  { key: given, days = DAYS }: { readonly key?: string; readonly days?: number } = {},
): Promise<Certificate> {
  const key = given ?? (await makeKey());
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      keys: await importPair(key),
      name: 'CN=localhost',
      signingAlgorithm: SIGNING,
      notBefore: new Date(nowMs - DAY_MS),
      notAfter: new Date(nowMs + days * DAY_MS),
      extensions: [new SubjectAlternativeNameExtension(names.map(generalName)), ...more],
    },
    crypto,
  );
  return { certificate: certificate.toString('pem'), key };
}

async function importPair(pem: string): Promise<CryptoKeyPair> {
  const [der] = PemConverter.decode(pem);
  const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('pkcs8', der ?? new ArrayBuffer(0), P256, true, ['sign']),
    crypto.subtle.importKey('spki', spki, P256, true, ['verify']),
  ]);
  return { privateKey, publicKey };
}

function generalName(name: string): JsonGeneralName {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: name };
}

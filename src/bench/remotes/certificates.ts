/**
 * Certificates made while they are needed, right ones and wrong ones: enough of X.509 (RFC 5280) in DER for that.
 * For the servers that the bench plays, and for tests.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface Pair {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** The public key as `federation.overrides` names it. */
  readonly pin: string;
}

export interface CertificateOptions {
  /** Host names and IP addresses that it is for. */
  readonly names: readonly string[];
  /** Years from now when its time begins and ends. */
  readonly from?: number;
  readonly until?: number;
  /** An RSA key of so many bits; else one on P-256. */
  readonly rsaBits?: number;
  readonly usage?: 'server' | 'client';
}

const OID = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const YEAR_MS = 365.25 * 24 * 3_600_000;

/** An authority of its own. */
export class TestAuthority {
  readonly #name: string;
  readonly #keys = newKeys();
  /** Its own certificate, as PEM. */
  readonly certificate: string;

  constructor(name = `Authority ${randomBytes(6).toString('hex')}`) {
    this.#name = name;
    this.certificate = pem(
      'CERTIFICATE',
      certify({
        subject: name,
        publicKey: this.#keys.publicKey,
        issuer: name,
        issuerKey: this.#keys.privateKey,
        years: [-1, 10],
        extensions: [
          extension(OID.basicConstraints, sequence(boolean(true)), true),
          extension(OID.keyUsage, tlv(0x03, Buffer.of(2, 0x04)), true),
        ],
      }),
    );
  }

  /** A certificate that it signs, with its key. */
  issue(options: CertificateOptions): Pair {
    return issue(options, { name: this.#name, key: this.#keys.privateKey });
  }
}

/** A certificate that nobody vouches for but itself. */
export function selfSigned(options: CertificateOptions): Pair {
  return issue(options, undefined);
}

function issue(options: CertificateOptions, issuer: { name: string; key: KeyObject } | undefined): Pair {
  const { names, from = -1, until = 10, rsaBits, usage = 'server' } = options;
  const keys = newKeys(rsaBits);
  const subject = names[0] ?? 'nobody';
  const der = certify({
    subject,
    publicKey: keys.publicKey,
    issuer: issuer?.name ?? subject,
    issuerKey: issuer?.key ?? keys.privateKey,
    years: [from, until],
    extensions: [
      extension(OID.subjectAltName, sequence(...names.map(generalName))),
      extension(OID.extendedKeyUsage, sequence(oid(usage === 'server' ? OID.serverAuth : OID.clientAuth))),
    ],
  });
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
  return {
    certificate: pem('CERTIFICATE', der),
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pin: `sha256/${createHash('sha256').update(spki).digest('base64')}`,
  };
}

function newKeys(rsaBits?: number): { publicKey: KeyObject; privateKey: KeyObject } {
  return rsaBits === undefined
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: rsaBits });
}

interface Content {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  readonly years: readonly [number, number];
  readonly extensions: readonly Buffer[];
}

/** RFC 5280, 4.1: `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }` */
function certify({ subject, publicKey, issuer, issuerKey, years, extensions }: Content): Buffer {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const content = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    distinguishedName(issuer),
    sequence(...years.map((one) => generalizedTime(new Date(Date.now() + one * YEAR_MS)))),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  return sequence(content, algorithm, tlv(0x03, Buffer.concat([Buffer.of(0), sign('sha256', content, issuerKey)])));
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), body]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

function boolean(value: boolean): Buffer {
  return tlv(0x01, Buffer.of(value ? 0xff : 0));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const one of rest) {
    const digits = [one & 0x7f];
    for (let left = one >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return tlv(0x06, Buffer.from(bytes));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(oid(OID.commonName), tlv(0x0c, Buffer.from(commonName)))));
}

function generalizedTime(date: Date): Buffer {
  return tlv(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), tlv(0x04, value));
}

function generalName(name: string): Buffer {
  return isIP(name) === 0 ? tlv(0x82, Buffer.from(name)) : tlv(0x87, Buffer.from(ipaddr.parse(name).toByteArray()));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

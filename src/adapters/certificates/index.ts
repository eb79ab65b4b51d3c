/** Certificates that nobody has to trust: for channels in which both sides prove themselves otherwise. */
import { webcrypto } from 'node:crypto';
import type { Certificate } from '../../ports/certificates.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';

/** The part of `@peculiar/x509` that is used: its own types are those of a browser. */
interface X509 {
  readonly X509CertificateGenerator: {
    createSelfSigned(
      options: {
        readonly serialNumber: string;
        readonly name: readonly Readonly<Record<string, readonly string[]>>[];
        readonly notBefore: Date;
        readonly notAfter: Date;
        readonly signingAlgorithm: typeof ALGORITHM;
        readonly keys: webcrypto.CryptoKeyPair;
      },
      crypto: typeof webcrypto,
    ): Promise<{ toString(format: 'pem'): string }>;
  };
}

/** The second is asked for by the first, which must find it. */
const PACKAGES = { x509: '@peculiar/x509', needed: 'reflect-metadata' } as const;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const SERIAL_BYTES = 16;

/** A new key on P-256 and its certificate, signed by itself, valid from yesterday on for so many days. */
export async function createSelfSigned(options: {
  /** Its common name. */
  readonly name: string;
  readonly days: number;
  readonly clock: Clock;
  readonly random: Random;
}): Promise<Certificate> {
  const { name, days, clock, random } = options;
  await import(PACKAGES.needed);
  const { X509CertificateGenerator }: X509 = await import(PACKAGES.x509);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const begin = clock.now() - DAY_MS;
  const serial = Buffer.from(random.bytes(SERIAL_BYTES));
  // "the serial number MUST be a positive integer": RFC 5280 §4.1.2.2.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial.toString('hex'),
      name: [{ CN: [name] }],
      notBefore: new Date(begin),
      notAfter: new Date(begin + days * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
    },
    webcrypto,
  );
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    certificate: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${lines.trimEnd()}\n-----END PRIVATE KEY-----\n`,
  };
}

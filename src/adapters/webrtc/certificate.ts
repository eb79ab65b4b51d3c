/**
 * The certificate of the WebRTC port: signed by itself, for ten years, since clients know it by its fingerprint and no
 * rule of an authority applies to it. A plain X.509 of RFC 5280 §4.1 without extensions.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';

export interface DirectCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** SHA-256 of the DER form. */
  readonly fingerprint: Uint8Array;
}

const YEARS = 10;
const DER = { integer: 0x02, bits: 0x03, oid: 0x06, text: 0x0c, time: 0x17, sequence: 0x30, set: 0x31, version: 0xa0 };
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2 */
const ALGORITHM = Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]);
/** id-at-commonName, 2.5.4.3 */
const COMMON_NAME = Buffer.from([0x55, 0x04, 0x03]);

function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), body]);
}

/** `UTCTime`: "through the year 2049" (RFC 5280 §4.1.2.5). */
function time(date: Date): Buffer {
  const text = `${date.toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`;
  return element(DER.time, Buffer.from(text));
}

function name(text: string): Buffer {
  const pair = element(DER.sequence, element(DER.oid, COMMON_NAME), element(DER.text, Buffer.from(text)));
  return element(DER.sequence, element(DER.set, pair));
}

function makeCertificate(keys: { publicKey: KeyObject; privateKey: KeyObject }, now: Date, random: Uint8Array): Buffer {
  const algorithm = element(DER.sequence, element(DER.oid, ALGORITHM));
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + YEARS);
  const from = new Date(now.getTime() - 86_400_000);
  const who = name(Buffer.from(random.subarray(0, 8)).toString('hex'));
  const body = element(
    DER.sequence,
    element(DER.version, element(DER.integer, Buffer.from([2]))),
    // Positive, and never zero.
    element(DER.integer, Buffer.concat([Buffer.from([1]), random.subarray(8, 16)])),
    algorithm,
    who,
    element(DER.sequence, time(from), time(until)),
    who,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, keys.privateKey);
  return element(DER.sequence, body, algorithm, element(DER.bits, Buffer.from([0]), signature));
}

function write(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600);
  writeSync(handle, text);
  fsyncSync(handle);
  closeSync(handle);
}

function pem(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** Opens the certificate in a folder, or makes it; its key is readable by its owner alone. */
export function openDirectCertificate(
  folder: string,
  { nowMs, random }: { readonly nowMs: number; readonly random: Uint8Array },
): DirectCertificate {
  const certificateFile = path.join(folder, 'webrtc.crt');
  const keyFile = path.join(folder, 'webrtc.key');
  if (!existsSync(certificateFile) || !existsSync(keyFile)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    // A key without its certificate, from a start that was cut short, is used: nobody has seen its fingerprint.
    if (!existsSync(keyFile)) write(keyFile, String(keys.privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const privateKey = createPrivateKey(readFileSync(keyFile));
    const publicKey = createPublicKey(privateKey);
    write(certificateFile, pem(makeCertificate({ publicKey, privateKey }, new Date(nowMs), random)));
  }
  const { raw } = new X509Certificate(readFileSync(certificateFile));
  return { certificateFile, keyFile, fingerprint: createHash('sha256').update(raw).digest() };
}

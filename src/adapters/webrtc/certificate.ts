/**
 * The certificate of the WebRTC port: signed by itself, for ten years, since clients know it by its fingerprint and no
 * rule of an authority applies to it.
 */
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import path from 'node:path';
import type { PrivateTexts } from '../../ports/certificates.ts';

export interface DirectCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** SHA-256 of the DER form. */
  readonly fingerprint: Uint8Array;
}

/** A folder of private texts, whose files the process of the port reads by their paths. */
export interface PrivateFolder extends PrivateTexts {
  readonly path: string;
}

const YEARS = 10;
const FILES = { certificate: 'webrtc.crt', key: 'webrtc.key' } as const;

/** Opens the certificate in a folder, or makes it; its key is readable by its owner alone. */
export async function openDirectCertificate(folder: PrivateFolder, nowMs: number): Promise<DirectCertificate> {
  const known = folder.read(FILES.key);
  let certificate = known === undefined ? undefined : folder.read(FILES.certificate);
  if (certificate === undefined) {
    // A key without its certificate, from a start that was cut short, is used: nobody has seen its fingerprint.
    const key = known ?? makeKey();
    // What makes certificates is loaded at the first start with such a port, and never again.
    const { makePinned } = await import('../acme/index.ts');
    certificate = await makePinned(key, { nowMs, years: YEARS });
    folder.write(FILES.key, key);
    folder.write(FILES.certificate, certificate);
  }
  return {
    certificateFile: path.join(folder.path, FILES.certificate),
    keyFile: path.join(folder.path, FILES.key),
    fingerprint: createHash('sha256').update(new X509Certificate(certificate).raw).digest(),
  };
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

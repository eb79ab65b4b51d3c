/**
 * The certificate of the WebRTC port: signed by itself, for ten years, since clients know it by its fingerprint and no
 * rule of an authority applies to it.
 */
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

export interface DirectCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** SHA-256 of the DER form. */
  readonly fingerprint: Uint8Array;
}

const YEARS = 10;

function write(file: string, text: string): void {
  const next = `${file}.next`;
  rmSync(next, { force: true });
  const handle = openSync(next, 'wx', 0o600);
  writeSync(handle, text);
  fsyncSync(handle);
  closeSync(handle);
  // Whoever starts after a crash finds a whole file, or none.
  renameSync(next, file);
}

/** Opens the certificate in a folder, or makes it; its key is readable by its owner alone. */
export async function openDirectCertificate(folder: string, nowMs: number): Promise<DirectCertificate> {
  const certificateFile = path.join(folder, 'webrtc.crt');
  const keyFile = path.join(folder, 'webrtc.key');
  if (!existsSync(certificateFile) || !existsSync(keyFile)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // A key without its certificate, from a start that was cut short, is used: nobody has seen its fingerprint.
    if (!existsSync(keyFile)) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      write(keyFile, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    }
    // What makes certificates is loaded at the first start with such a port, and never again.
    const { makePinned } = await import('../acme/index.ts');
    write(certificateFile, await makePinned(readFileSync(keyFile, 'utf8'), { nowMs, years: YEARS }));
  }
  const { raw } = new X509Certificate(readFileSync(certificateFile));
  return { certificateFile, keyFile, fingerprint: createHash('sha256').update(raw).digest() };
}

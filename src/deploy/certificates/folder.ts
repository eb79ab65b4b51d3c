/** The folder of certificates: small private files, each of them whole at any moment. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { errorCode } from '../../lib/error-code.ts';
import type { Certificate, PrivateTexts } from '../../ports/certificates.ts';

const FILE_BYTES_MAX = 1_048_576;
const KEY = /-----BEGIN PRIVATE KEY-----[\s\S]{1,8192}?-----END PRIVATE KEY-----/;

export class CertificateFolder implements PrivateTexts {
  readonly path: string;

  constructor(folder: string) {
    this.path = folder;
  }

  /** `undefined` where there is no such file. */
  read(name: string): string | undefined {
    const file = path.join(this.path, name);
    try {
      // Nearly always there is none, and that is quickly said.
      if (!existsSync(file) || statSync(file).size > FILE_BYTES_MAX) return undefined;
      return readFileSync(file, 'utf8');
    } catch (error) {
      // Another process may have taken it away in between.
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Durable when it returns; whoever reads finds the former text or this one. */
  write(name: string, text: string): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const file = path.join(this.path, name);
    const next = `${file}.next`;
    rmSync(next, { force: true });
    const handle = openSync(next, 'wx', 0o600);
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(next, file);
    this.#sync();
  }

  remove(name: string): void {
    rmSync(path.join(this.path, name), { force: true });
  }

  /** The certificate of a name: one file with both, so that no crash leaves one without the other. */
  readCertificate(id: string): Certificate | undefined {
    const text = this.read(`${id}.pem`);
    const key = text === undefined ? undefined : KEY.exec(text)?.[0];
    if (text === undefined || key === undefined) return undefined;
    return { key: `${key}\n`, certificate: text.replace(key, '').trimStart() };
  }

  /** Keeps a certificate, durably. */
  writeCertificate(id: string, { certificate, key }: Certificate): void {
    this.write(`${id}.pem`, `${key.trim()}\n${certificate.trim()}\n`);
  }

  /** The new name is in the folder's own bytes, too. */
  #sync(): void {
    if (process.platform === 'win32') return;
    const handle = openSync(this.path, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}

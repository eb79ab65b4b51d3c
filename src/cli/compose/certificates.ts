/** Certificates in files: read at the start, and again when the files have changed: nobody starts anew for them. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { present } from '../../lib/assert.ts';
import type { Certificate, LiveCertificate } from '../../ports/certificates.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** What the configuration names: two files, or a certificate that this node manages. */
export type CertificateSource = CertificateFiles | { readonly managed: string };

const LOOK_MS = 60_000;

interface Watched {
  readonly files: CertificateFiles;
  readonly takers: Set<(certificate: Certificate) => void>;
  /** Sizes and times of the files as they were taken. */
  seen: string;
  /** As they were when they were refused. */
  refused: string | undefined;
  current: Certificate;
}

/** Those of `certificates.managed`. */
interface ManagedLives {
  live(id: string): LiveCertificate;
}

export interface CertificatesOptions {
  readonly baseDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly managed?: ManagedLives | undefined;
}

export class Certificates {
  readonly #baseDir: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #managed: ManagedLives | undefined;
  readonly #watched: Watched[] = [];
  #timer: Timer | undefined;

  constructor({ baseDir, clock, log, managed }: CertificatesOptions) {
    this.#baseDir = baseDir;
    this.#clock = clock;
    this.#log = log;
    this.#managed = managed;
  }

  /** The certificate of a source. Throws the system's error where a file cannot be read. */
  open(source: CertificateSource): LiveCertificate {
    if (!('managed' in source)) return this.#openFiles(source);
    return present(this.#managed, 'the configuration was checked').live(source.managed);
  }

  #openFiles(files: CertificateFiles): LiveCertificate {
    const resolved = {
      certificate: path.resolve(this.#baseDir, files.certificate),
      key: path.resolve(this.#baseDir, files.key),
    };
    const takers = new Set<(certificate: Certificate) => void>();
    const watched = { files: resolved, takers, seen: stampOf(resolved), refused: undefined, current: read(resolved) };
    this.#watched.push(watched);
    this.#timer ??= this.#clock.schedule(LOOK_MS, () => this.#look());
    return {
      get current() {
        return watched.current;
      },
      onRenewed: (take) => void takers.add(take),
    };
  }

  /** Looks at no file any more. */
  close(): void {
    this.#timer?.cancel();
    this.#watched.length = 0;
  }

  #look(): void {
    this.#timer = this.#clock.schedule(LOOK_MS, () => this.#look());
    for (const watched of this.#watched) this.#renew(watched);
  }

  /** Takes new files, if they belong together: one of them may have been written before the other. */
  #renew(watched: Watched): void {
    const { files } = watched;
    let stamp = '';
    try {
      stamp = stampOf(files);
      if (stamp === watched.seen) return;
      const next = read(files);
      const parsed = new X509Certificate(next.certificate);
      if (!parsed.checkPrivateKey(createPrivateKey(next.key)))
        throw new Error('the key is not that of the certificate');
      watched.current = next;
      for (const take of watched.takers) take(next);
      watched.seen = stamp;
      this.#log.info('a certificate was renewed', { file: files.certificate, validTo: parsed.validTo });
    } catch (error) {
      if (watched.refused === stamp) return;
      watched.refused = stamp;
      const why = error instanceof Error ? error.message : String(error);
      this.#log.warn('a changed certificate is not taken', { file: files.certificate, why });
    }
  }
}

function read(files: CertificateFiles): Certificate {
  return { certificate: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
}

function stampOf(files: CertificateFiles): string {
  return [files.certificate, files.key]
    .map((file) => {
      const { mtimeMs, size, ino } = statSync(file);
      return `${mtimeMs} ${size} ${ino}`;
    })
    .join(' ');
}

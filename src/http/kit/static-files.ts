/**
 * The built web client: files of one folder, read at the start, served with their precompressed forms, their policy
 * headers, and for every path that is no file the page itself.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';

interface StaticFile {
  readonly bytes: Buffer;
  readonly brotli: Buffer | undefined;
  readonly contentType: string;
  /** Names with a hash in them never change. */
  readonly immutable: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.zst': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
};

/** Paths of the APIs: never the web client's. */
const RESERVED = ['/_matrix/', '/_synapse/', '/_postern/', '/.well-known/', '/health', '/metrics'];

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const BUILD_MISSING =
  '<!doctype html><meta charset="utf-8"><title>Postern</title><p>The web client has not been built: run ' +
  '<code>npm run build:web</code> and start again. Other Matrix clients can use this server now.</p>';

export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>;
  readonly #policy: string;

  private constructor(files: ReadonlyMap<string, StaticFile>, policy: string) {
    this.#files = files;
    this.#policy = policy;
  }

  /** Reads a folder. Where it does not exist the page says how to build it. */
  static open(folder: string): StaticFiles {
    const files = new Map<string, StaticFile>();
    if (existsSync(folder)) {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        const type = TYPES[path.extname(name)];
        if (type === undefined || name.endsWith('.br')) continue;
        const file = path.join(folder, name);
        files.set(`/${name.split(path.sep).join('/')}`, {
          bytes: readFileSync(file),
          brotli: existsSync(`${file}.br`) ? readFileSync(`${file}.br`) : undefined,
          contentType: type,
          immutable: /[-.][A-Za-z0-9_-]{8,}\.[a-z.]+$/.test(name) && name.startsWith('assets/'),
        });
      }
    }
    return new StaticFiles(files, policyOf(files.get('/csp.txt')));
  }

  /** Whether a request is for the web client rather than for an API. */
  serves(request: IncomingMessage): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const url = request.url ?? '/';
    return !RESERVED.some((prefix) => url.startsWith(prefix));
  }

  /** Answers with the file, or with the page. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const name = this.#files.has(target) && target !== '/csp.txt' ? target : '/index.html';
    const file = this.#files.get(name);
    if (file === undefined) {
      response.writeHead(200, { ...this.#headers(), 'Content-Type': 'text/html; charset=utf-8' }).end(BUILD_MISSING);
      return;
    }
    if (name === '/index.html' && /\.[a-z0-9]+$/.test(target)) {
      response.writeHead(404, this.#headers()).end();
      return;
    }
    this.#send(request, response, file);
  }

  #headers(): Record<string, string> {
    return { ...SECURITY_HEADERS, 'Content-Security-Policy': this.#policy };
  }

  #send(request: IncomingMessage, response: ServerResponse, file: StaticFile): void {
    const accept = request.headers['accept-encoding'];
    const range = rangeOf(request.headers.range, file.bytes.length);
    const useBrotli = range === undefined && file.brotli !== undefined && /\bbr\b/.test(String(accept));
    const whole = useBrotli && file.brotli !== undefined ? file.brotli : file.bytes;
    const body = range === undefined ? whole : whole.subarray(range.start, range.end + 1);
    response.writeHead(range === undefined ? 200 : 206, {
      ...this.#headers(),
      'Content-Type': file.contentType,
      'Content-Length': body.length,
      'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      'Accept-Ranges': 'bytes',
      Vary: 'Accept-Encoding',
      ...(useBrotli && { 'Content-Encoding': 'br' }),
      ...(range !== undefined && { 'Content-Range': `bytes ${range.start}-${range.end}/${whole.length}` }),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}

/** A single byte range: the crypto download resumes at the byte. Anything else is answered whole. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=([0-9]+)-([0-9]*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start < size && start <= end ? { start, end } : undefined;
}

/** The build writes the policy with the hash of its inlined style; the header adds what a page cannot set itself. */
function policyOf(file: StaticFile | undefined): string {
  const written = file?.bytes.toString('utf8').trim().replace(/;+$/, '');
  const policy = written ?? "default-src 'none'; style-src 'unsafe-inline'";
  return policy.includes('frame-ancestors') ? policy : `${policy}; frame-ancestors 'none'`;
}

/**
 * The built web client: the files of one folder, read at the start, served in their precompressed forms with the
 * headers that the build wrote for them; for every path that is no file, the page itself.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { acceptsEncoding } from './compression.ts';

type Headers = Readonly<Record<string, string>>;

interface StaticFile {
  readonly bytes: Buffer;
  readonly brotli: Buffer | undefined;
  readonly zstd: Buffer | undefined;
  readonly contentType: string;
  readonly headers: Headers;
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
};

/** Paths of the APIs: never the web client's. */
const RESERVED = ['/_matrix/', '/_synapse/', '/_postern/', '/.well-known/', '/health', '/metrics', '/dns'];

/** For answers that are no file of the build. */
const PLAIN: Headers = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // For browsers that do not know the directive above.
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
};

const BUILD_MISSING =
  '<!doctype html><meta charset="utf-8"><title>Postern</title><p>The web client has not been built: run ' +
  '<code>npm run build:web</code> and start again. Other Matrix clients can use this server now.</p>';

export class StaticFiles {
  readonly #files: ReadonlyMap<string, StaticFile>;

  private constructor(files: ReadonlyMap<string, StaticFile>) {
    this.#files = files;
  }

  /** Reads a folder with its `headers.json`. Where it does not exist the page says how to build it. */
  static open(folder: string): StaticFiles {
    const files = new Map<string, StaticFile>();
    if (!existsSync(path.join(folder, 'headers.json'))) return new StaticFiles(files);
    const rules = JSON.parse(readFileSync(path.join(folder, 'headers.json'), 'utf8')) as Record<string, Headers>;
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const contentType = TYPES[path.extname(name)];
      if (contentType === undefined || name === 'headers.json') continue;
      const file = path.join(folder, name);
      const read = (suffix: string): Buffer | undefined =>
        existsSync(file + suffix) ? readFileSync(file + suffix) : undefined;
      const url = `/${name.split(path.sep).join('/')}`;
      files.set(url, {
        bytes: readFileSync(file),
        brotli: read('.br'),
        zstd: read('.zst'),
        contentType,
        headers: headersFor(rules, url),
      });
    }
    return new StaticFiles(files);
  }

  /** Whether a request is for the web client rather than for an API. */
  serves(request: IncomingMessage): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const url = request.url ?? '/';
    return !RESERVED.some((prefix) => url.startsWith(prefix));
  }

  /** Answers with the file, or with the page. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const target = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const file = this.#files.get(target) ?? this.#files.get('/index.html');
    if (file === undefined) {
      response.writeHead(200, { ...PLAIN, 'Content-Type': 'text/html; charset=utf-8' }).end(BUILD_MISSING);
    } else if (!this.#files.has(target) && /\.[a-z0-9]+$/.test(target)) {
      // A file of an older build: the page would be no script.
      response.writeHead(404, PLAIN).end();
    } else {
      send(request, response, file);
    }
  }
}

/** The rule of the path itself, or that of the longest prefix with a star. */
function headersFor(rules: Readonly<Record<string, Headers>>, url: string): Headers {
  const exact = rules[url === '/index.html' ? '/' : url];
  if (exact !== undefined) return exact;
  const prefixes = Object.keys(rules).filter((one) => one.endsWith('*') && url.startsWith(one.slice(0, -1)));
  const longest = prefixes.toSorted((left, right) => right.length - left.length)[0];
  return longest === undefined ? PLAIN : (rules[longest] ?? PLAIN);
}

function send(request: IncomingMessage, response: ServerResponse, file: StaticFile): void {
  const range = rangeOf(request.headers.range, file.bytes.length);
  const encoded = range === undefined ? encodedForm(file, request.headers['accept-encoding']) : undefined;
  const whole = encoded?.bytes ?? file.bytes;
  const body = range === undefined ? whole : whole.subarray(range.start, range.end + 1);
  response.writeHead(range === undefined ? 200 : 206, {
    ...file.headers,
    'Content-Type': file.contentType,
    'Content-Length': body.length,
    'Accept-Ranges': 'bytes',
    Vary: 'Accept-Encoding',
    ...(encoded !== undefined && { 'Content-Encoding': encoded.encoding }),
    ...(range !== undefined && { 'Content-Range': `bytes ${range.start}-${range.end}/${whole.length}` }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function encodedForm(file: StaticFile, accept: unknown): { bytes: Buffer; encoding: string } | undefined {
  const accepted = typeof accept === 'string' ? accept : '';
  if (file.brotli !== undefined && acceptsEncoding(accepted, 'br')) return { bytes: file.brotli, encoding: 'br' };
  if (file.zstd !== undefined && acceptsEncoding(accepted, 'zstd')) return { bytes: file.zstd, encoding: 'zstd' };
  return undefined;
}

/** A single byte range: the crypto download resumes at the byte. Anything else is answered whole. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=([0-9]+)-([0-9]*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start < size && start <= end ? { start, end } : undefined;
}

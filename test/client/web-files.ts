/** Serves a built `dist/www` the way the server must: the paths and headers of its `headers.json`. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.wasm', 'application/wasm'],
  ['.webmanifest', 'application/manifest+json'],
]);

type Headers = Record<string, Record<string, string>>;

function headersOf(headers: Headers, pathname: string): Record<string, string> {
  return headers[pathname] ?? (pathname.startsWith('/assets/') ? headers['/assets/*'] : headers['/*']) ?? {};
}

/** Answers for files below `root`; anything else is 404. */
export function webFiles(root: string): (pathname: string) => Response {
  const headers = JSON.parse(readFileSync(path.join(root, 'headers.json'), 'utf8')) as Headers;
  return (pathname) => {
    const file = path.join(root, pathname === '/' ? 'index.html' : path.normalize(pathname));
    if (!file.startsWith(root) || !existsSync(file) || !statSync(file).isFile())
      return new Response('', { status: 404 });
    const type = TYPES.get(path.extname(file)) ?? 'application/octet-stream';
    return new Response(new Uint8Array(readFileSync(file)), {
      headers: { ...headersOf(headers, pathname), 'content-type': type },
    });
  };
}

/** The site of a relay that has no other: what a machine shows on which a web server was set up, and nothing more. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const PAGES: ReadonlyMap<string, { readonly type: string; readonly text: string }> = new Map([
  ['/', page('It works')],
  ['/index.html', page('It works')],
  ['/robots.txt', { type: 'text/plain', text: 'User-agent: *\nDisallow: /\n' }],
]);
const MISSING = page('Not found');

function page(title: string): { type: string; text: string } {
  return {
    type: 'text/html',
    text: `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`,
  };
}

/** Answers a request as the site does. */
export function answerAsSite(request: IncomingMessage, response: ServerResponse): void {
  const found = PAGES.get((request.url ?? '/').split('?', 1)[0] ?? '/');
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const { type, text } = found ?? MISSING;
  const status = found === undefined ? 404 : isRead ? 200 : 405;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': text.length });
  response.end(request.method === 'HEAD' ? undefined : text);
}

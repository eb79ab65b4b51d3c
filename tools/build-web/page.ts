/** The page and its policy: the style sheet goes into the HTML and is allowed by its hash. */
import { createHash } from 'node:crypto';

function cspHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/**
 * What the page may connect to as far as its own text says. It cannot name the routes, which are not known when it is
 * built; the header does (docs/decisions/0014), and where there are two policies both count.
 */
const ANY_ROUTE = `'self' https: http://localhost:* http://127.0.0.1:*`;

/** The policy of SECURITY.md §9.2. `frame-ancestors` counts in the header only. */
function contentSecurityPolicy(style: string, connect = `'self'`): string {
  return [
    `default-src 'none'`,
    `script-src 'self' 'wasm-unsafe-eval'`,
    `style-src ${cspHash(style)}`,
    `img-src 'self' blob:`,
    `media-src blob:`,
    `connect-src ${connect}`,
    `manifest-src 'self'`,
    `worker-src 'self'`,
    `frame-src 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
    `require-trusted-types-for 'script'`,
    `trusted-types postern`,
  ].join('; ');
}

/** Puts the style sheet and the policy into the page. */
export function finishPage(html: string, style: string): string {
  const policy = contentSecurityPolicy(style, ANY_ROUTE)
    .split('; ')
    .filter((directive) => !directive.startsWith('frame-ancestors'))
    .join('; ');
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}" />`;
  return html
    .replace(/\s*<link rel="stylesheet"[^>]*>/, '')
    .replace('<meta charset="utf-8" />', `<meta charset="utf-8" />${meta}`)
    .replace('</head>', `<style>${style}</style></head>`)
    .replace(/>\s+</g, '><');
}

/** What the server sends with each kind of file. */
export function headersFor(style: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const always = {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  const policy = contentSecurityPolicy(style);
  return {
    '/': { ...always, 'content-security-policy': policy, 'cache-control': 'no-cache' },
    '/service.js': { ...always, 'content-security-policy': policy, 'cache-control': 'no-cache' },
    '/assets/*': {
      ...always,
      'content-security-policy': policy,
      'cache-control': 'public, max-age=31536000, immutable',
    },
    // To be kept and opened as a file: here it would have the origin of the server.
    '/client.html': {
      ...always,
      'content-security-policy': `sandbox; default-src 'none'; frame-ancestors 'none'`,
      'content-disposition': 'attachment; filename="client.html"',
      'cache-control': 'no-cache',
    },
    '/*': { ...always, 'cache-control': 'public, max-age=3600' },
  };
}

/** Where an answer sends its reader. */
import type { HttpDestination } from '../../ports/http.ts';

const REDIRECTIONS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface Hop {
  readonly destination: HttpDestination;
  readonly path: string;
}

/**
 * The next hop of an answer; `undefined` where it is no redirection, `'refused'` where it leads to something that no
 * gate opens for: another scheme than the web's, or out of the encryption. Nothing of the owner's word goes along.
 */
export function nextHop(
  status: number,
  location: string | undefined,
  from: { readonly scheme: 'https' | 'http'; readonly host: string; readonly path: string },
): Hop | 'refused' | undefined {
  if (!REDIRECTIONS.has(status) || location === undefined) return undefined;
  const base = `${from.scheme}://${from.host}${from.path}`;
  if (!URL.canParse(location, base)) return 'refused';
  const url = new URL(location, base);
  const scheme = url.protocol === 'https:' ? 'https' : url.protocol === 'http:' ? 'http' : undefined;
  if (scheme === undefined || (from.scheme === 'https' && scheme === 'http')) return 'refused';
  if (url.username !== '' || url.password !== '') return 'refused';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return {
    destination: { scheme, targets: [{ host, port }], order: 'race', certificateName: host, host: url.host },
    path: url.pathname + url.search,
  };
}

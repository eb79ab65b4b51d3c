/** What is served below the path secret, and what everybody else finds (DEPLOYMENT §12.4). */
import type { IncomingMessage } from 'node:http';
import { utf8Encode } from '../../lib/bytes.ts';
import { answerAsSite } from '../../deploy/relay/site.ts';
import type { Handle } from '../../http/kit/listener.ts';
import type { Crypto } from '../../ports/crypto.ts';

export interface SecretPathOptions {
  /** `/x/SECRET`; `undefined` where there is none. */
  readonly path: string | undefined;
  /** Whether clients are answered below it only. */
  readonly stealth: boolean;
  readonly crypto: Crypto;
}

export interface Handlers {
  /** What clients get. */
  readonly clients: Handle;
  /** What other servers get, who prove who they are. */
  readonly servers: Handle;
  readonly isForServers: (request: IncomingMessage) => boolean;
}

/** One handler that tells who may see what. */
export function behindSecretPath({ path, stealth, crypto }: SecretPathOptions, handlers: Handlers): Handle {
  const secret = path === undefined ? undefined : utf8Encode(path);
  return async (request, response) => {
    const inside = secret === undefined ? undefined : pathInside(request.url ?? '/', secret, crypto);
    if (inside !== undefined) {
      request.url = inside;
      await handlers.clients(request, response);
    } else if (handlers.isForServers(request)) await handlers.servers(request, response);
    else if (stealth) answerAsSite(request, response);
    else await handlers.clients(request, response);
  };
}

/** The rest of a path that begins with the secret one; the time it takes tells nothing of how much of it was right. */
function pathInside(url: string, secret: Uint8Array, crypto: Crypto): string | undefined {
  const begin = utf8Encode(url.slice(0, secret.length));
  if (!crypto.equals(begin, secret)) return undefined;
  const rest = url.slice(secret.length);
  if (rest === '') return '/';
  return rest.startsWith('/') ? rest : rest.startsWith('?') ? `/${rest}` : undefined;
}

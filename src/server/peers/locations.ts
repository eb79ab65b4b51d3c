/** Places that another server names in an answer: reached through the same gate, never in our name. */
import { OperationError } from '../../matrix/errors.ts';
import type { ServerName } from '../../matrix/ids.ts';
import type { Http } from '../../ports/http.ts';
import type { PeerStream } from './requests.ts';

export interface LocationTools {
  readonly http: Http;
  /** Names in `network.hosts`, in lower case: the owner's word reaches private addresses, a stranger's does not. */
  readonly ownHosts: ReadonlySet<string>;
}

export interface LocationLimits {
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

const LOCATION_MAX = 4_096;

/** What lies at an URL that `server` has named. Rejects with an {@link OperationError} of that server. */
export async function requestLocation(
  server: ServerName,
  location: string,
  { http, ownHosts, bytesMax, timeoutMs }: LocationTools & LocationLimits,
): Promise<PeerStream> {
  const url = location.length > LOCATION_MAX || !URL.canParse(location) ? undefined : new URL(location);
  if (url === undefined || url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new OperationError('bad answer', { temporary: false, server });
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (ownHosts.has(host)) throw new OperationError('address denied', { temporary: false, server });
  const port = url.port === '' ? 443 : Number(url.port);
  try {
    const { status, headers, body, cancel } = await http.stream({
      destination: {
        scheme: 'https',
        targets: [{ host, port }],
        order: 'listed',
        certificateName: host,
        host: url.host,
      },
      method: 'GET',
      path: url.pathname + url.search,
      bytesMax,
      timeoutMs,
    });
    if (status !== 200) {
      cancel();
      throw new OperationError('bad answer', { temporary: status >= 500, server });
    }
    const told = (name: string): string => headers.get(name) ?? '';
    return { contentType: told('content-type'), disposition: told('content-disposition'), body, cancel };
  } catch (error) {
    if (!(error instanceof OperationError) || error.server !== undefined) throw error;
    throw new OperationError(error.kind, { temporary: error.temporary, server, cause: error });
  }
}

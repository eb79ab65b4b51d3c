/** From names and records to the places where a server is reached. Pure. */
import type { ServerName } from '../../../matrix/ids.ts';
import { splitServerName } from '../../../matrix/server-address.ts';
import type { SrvRecord } from '../../../ports/dns.ts';
import type { HttpDestination, HttpPlace, HttpTarget } from '../../../ports/http.ts';
import type { Random } from '../../../ports/random.ts';

/** "8448 if no port is given" */
const DEFAULT_PORT = 8448;
const PORT_MAX = 65_535;
/** Records of a service that are tried. */
const TARGETS_MAX = 8;
// The name of a host, also where it breaks rules that resolvers do not keep (underscores).
const HOST_NAME = /^[0-9A-Za-z_](?:[0-9A-Za-z_.-]{0,251}[0-9A-Za-z_])?$/;

/** How the owner says that a server is reached: `federation.overrides`. */
export interface Override {
  /** `host:port`, brackets around IPv6; or `link:` and the name of a node. */
  readonly connect: readonly string[];
  readonly order?: 'race' | 'listed' | undefined;
  readonly pin?: string | null | undefined;
}

/** The owner's word goes before everything that is looked up; certificate and Host stay those of the server's name. */
export function overriddenPlace(server: ServerName, { connect, order = 'race', pin }: Override): HttpDestination {
  const targets = connect.map((text): HttpTarget => {
    const node = linkedNode(text);
    if (node !== undefined) return { link: node };
    const { host, port = DEFAULT_PORT } = splitServerName(text);
    return { host, port };
  });
  const { host: certificateName } = splitServerName(server);
  return { ...placeOf(targets, certificateName, server), order, isOwners: true, ...(pin && { pin }) };
}

/** The node that an entry of `federation.overrides` names, where it names a link. */
export function linkedNode(connect: string): string | undefined {
  return connect.startsWith('link:') ? connect.slice('link:'.length) : undefined;
}

/**
 * Steps 1 and 2 for a server's name, 3.1 and 3.2 for a delegated one: the place that the name tells by itself, which
 * it does where it is an IP address or has a port. `'nowhere'` for a port that does not exist.
 */
export function statedPlace(name: ServerName): HttpDestination | 'nowhere' | undefined {
  const { host, port, isLiteral } = splitServerName(name);
  if (port !== undefined && (port < 1 || port > PORT_MAX)) return 'nowhere';
  if (!isLiteral && port === undefined) return undefined;
  // "using … the given port number, or 8448 if no port is given … The `Host` header in the request should be set to
  // the server name, including the port if the server name included one."
  return placeOf([{ host, port: port ?? DEFAULT_PORT }], host, name);
}

/**
 * Steps 3.3 to 3.5 and 4 to 6: by the records of `_matrix-fed._tcp`, else of `_matrix._tcp`, else the host itself.
 * "Requests are made to the resolved IP address and port, with a `Host` header of `<hostname>`. The target server
 * must present a valid certificate for `<hostname>`."
 */
export function servicePlace(
  host: string,
  records: { readonly matrixFed: readonly SrvRecord[]; readonly matrix: readonly SrvRecord[] },
  random: Random,
): HttpDestination {
  for (const some of [records.matrixFed, records.matrix]) {
    const usable = some.filter(({ target, port }) => HOST_NAME.test(target) && port >= 1 && port <= PORT_MAX);
    const targets = orderRecords(usable, random).slice(0, TARGETS_MAX);
    if (targets.length > 0) return placeOf(targets, host, host);
  }
  return placeOf([{ host, port: DEFAULT_PORT }], host, host);
}

function placeOf(targets: readonly HttpTarget[], certificateName: string, host: string): HttpDestination {
  return { scheme: 'https', targets, order: 'listed', certificateName, host };
}

/**
 * RFC 2782: "A client MUST attempt to contact the target host with the lowest-numbered priority it can reach"; among
 * equals by a draw in which "larger weights SHOULD be given a proportionately higher probability".
 */
function orderRecords(records: readonly SrvRecord[], random: Random): HttpPlace[] {
  const left = records.toSorted((one, other) => one.priority - other.priority || one.weight - other.weight);
  const ordered: HttpPlace[] = [];
  while (left.length > 0) {
    const equals = left.filter(({ priority }) => priority === left[0]?.priority);
    let draw = random.integer(equals.reduce((sum, { weight }) => sum + weight, 0) + 1);
    const chosen = equals.find(({ weight }) => {
      draw -= weight;
      return draw <= 0;
    });
    const [taken] = left.splice(chosen === undefined ? 0 : left.indexOf(chosen), 1);
    if (taken !== undefined) ordered.push({ host: taken.target, port: taken.port });
  }
  return ordered;
}

/** What a server name says about where the server is. `content/appendices.md`, "Server Name". */
export interface ServerAddress {
  /** A host name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** Whether `host` is an IP address. */
  readonly isLiteral: boolean;
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;

/** Takes a server name (or another `host:port`) apart. */
export function splitServerName(name: string): ServerAddress {
  const colon = name.lastIndexOf(':');
  // A colon inside brackets belongs to the address.
  const hasPort = colon > name.lastIndexOf(']');
  const host = hasPort ? name.slice(0, colon) : name;
  const port = hasPort ? Number(name.slice(colon + 1)) : undefined;
  if (host.startsWith('[')) return { host: host.slice(1, -1), port, isLiteral: true };
  return { host, port, isLiteral: IPV4.test(host) };
}

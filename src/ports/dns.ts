/** Looking up names. Failures are soft: an answer says so, within seconds, and what was found before them counts. */
export interface Dns {
  /** The SRV records of a full name like `_matrix-fed._tcp.example.org`, in no order. */
  resolveSrv(name: string): Promise<DnsAnswer<SrvRecord>>;
  /** The IPv6 and IPv4 addresses of a host name. */
  resolveAddresses(name: string): Promise<DnsAnswer<string>>;
}

export interface DnsAnswer<Entry> {
  readonly records: readonly Entry[];
  /** How long the answer may be kept. */
  readonly ttlMs: number;
  /** Nobody could tell: refused, timed out, SERVFAIL. Not the same as a name without records. */
  readonly failed: boolean;
}

export interface SrvRecord {
  /** A host name; empty where the record says that there is no such service. */
  readonly target: string;
  readonly port: number;
  /** Lower comes first. */
  readonly priority: number;
  /** The share among records of one priority. */
  readonly weight: number;
}

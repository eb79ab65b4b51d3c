/** The rules that a scenario switches on, as data; numbers are those of the model in docs/deploying/lab.md. */

/** 1: forged answers to questions for names. */
export interface DnsRule {
  readonly kind: 'dns';
  readonly names: readonly string[];
  /** What the forged answers say; addresses of others unless given. */
  readonly answers?: readonly string[];
  /** How many forgers answer, 1 to 3. */
  readonly injectors?: number;
  readonly depth?: number;
}

/** 2, 3 and 7: a name in the hello, or in the Host header. */
export interface SniRule {
  readonly kind: 'sni';
  readonly names: readonly string[];
  readonly action: 'rst' | 'drop';
  /** Words in the path of an HTTP request. */
  readonly keywords?: readonly string[];
  /** Whether a hello with an encrypted name is treated as a forbidden one. */
  readonly esni?: boolean;
  /** Looks at each segment by itself, and only at what leaves the inside. */
  readonly stateless?: boolean;
  /** How often it hits, 0 to 1. */
  readonly probability?: number;
  readonly residualMs?: number;
  /** How often a connection is hit while the penalty lasts. */
  readonly residualProbability?: number;
  readonly depth?: number;
}

/** 3: a name whose addresses are not where the client goes. */
export interface MismatchRule {
  readonly kind: 'mismatch';
  /** What the public DNS says. */
  readonly zone: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** Whether a name without any address is a mismatch, too. */
  readonly unknownNames: 'pass' | 'drop';
  readonly residualMs?: number;
}

/** 4: a name in the first datagrams of QUIC. */
export interface QuicRule {
  readonly kind: 'quic';
  readonly names: readonly string[];
  /** Whether only the first datagram of a flow is looked at. */
  readonly firstOnly?: boolean;
  readonly residualMs?: number;
}

/** 5: first bytes that look like nothing. */
export interface EncryptedRule {
  readonly kind: 'encrypted';
  readonly probability?: number;
  readonly prefixes?: readonly string[];
  readonly residualMs?: number;
}

/** 6: addresses that lead nowhere. */
export interface IpRule {
  readonly kind: 'ip';
  readonly cidrs: readonly string[];
  readonly direction?: 'out' | 'in' | 'both';
}

/** 6: ports on which every connection is cut. */
export interface PortRule {
  readonly kind: 'port';
  readonly ports: readonly number[];
  readonly protocol?: 'tcp' | 'udp';
  readonly action: 'rst' | 'drop';
}

/** 8: servers of new connections get visitors. */
export interface ProberRule {
  readonly kind: 'prober';
  readonly ports?: readonly number[];
}

/** 10: what looks like one TLS inside another. */
export interface NestedRule {
  readonly kind: 'nested';
}

/** 11: a public record of an unlicensed name leads to a host of the data centre. */
export interface IcpDnsRule {
  readonly kind: 'icp-dns';
  readonly licensed: readonly string[];
  readonly cidrs: readonly string[];
  /** From the first sight of the record to the block. */
  readonly scanMs?: number;
}

/** 11: a name in hello or Host header that has no licence. */
export interface IcpSniRule {
  readonly kind: 'icp-sni';
  readonly licensed: readonly string[];
  /** Ports that are looked at; all unless given. */
  readonly ports?: readonly number[];
  /** Whether what hosts inside ask for is looked at, too. */
  readonly outbound?: boolean;
  readonly action?: 'rst' | 'redirect';
}

/** 12: ports of a home line that nobody reaches from outside. */
export interface InportRule {
  readonly kind: 'inport';
  readonly ports: readonly number[];
}

/** 12: a provider's address translation: nothing begins from outside. */
export interface CgnatRule {
  readonly kind: 'cgnat';
}

/** 12: a home line that serves too much becomes slow. */
export interface ServingRule {
  readonly kind: 'serving';
  /** Connections from outside in an hour. */
  readonly threshold: number;
  readonly delayMs?: number;
  readonly loss?: number;
}

/** 13: connections to foreign data centres stop after some kilobytes. */
export interface FreezeRule {
  readonly kind: 'freeze';
  readonly afterBytes?: number;
  readonly prefixes?: readonly string[];
}

/** 13: connections that ask for a name get little. */
export interface ThrottleRule {
  readonly kind: 'throttle';
  readonly kbps?: number;
  readonly names?: readonly string[];
  readonly prefixes?: readonly string[];
}

/** 13: hellos of DTLS that come from known programs. */
export interface DtlsRule {
  readonly kind: 'dtls';
  readonly fingerprints?: readonly string[];
  /** Hellos that do not offer DTLS 1.3, as those of common libraries. */
  readonly withoutVersion13?: boolean;
}

/** 14: on these ports only what begins like the protocol of the port. */
export interface ProtofilterRule {
  readonly kind: 'protofilter';
  readonly ports?: readonly number[];
  readonly residualMs?: number;
}

export type Rule =
  | DnsRule
  | SniRule
  | MismatchRule
  | QuicRule
  | EncryptedRule
  | IpRule
  | PortRule
  | ProberRule
  | NestedRule
  | IcpDnsRule
  | IcpSniRule
  | InportRule
  | CgnatRule
  | ServingRule
  | FreezeRule
  | ThrottleRule
  | DtlsRule
  | ProtofilterRule;

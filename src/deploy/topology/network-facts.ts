/** What the doctor looks at outside of this machine, gathered once. Types only. */

/** What one question for a name was answered. */
export interface LookUp {
  readonly addresses: readonly string[];
  /** Nobody answered, or with an error. */
  readonly hasFailed: boolean;
  /** Answers to the one question that differ: the second one is somebody else's. */
  readonly answers: number;
}

export interface NameFact {
  readonly name: string;
  /** Where it should lead, by the owner's word; empty where nothing is known. */
  readonly expected: readonly string[];
  readonly system: LookUp;
  /** Over HTTPS from a resolver of the owner's; `undefined` where there is none. */
  readonly trusted: LookUp | undefined;
}

/** `refused` answers at once, by a reset; `silent` does not answer at all. */
export type TcpOutcome = 'open' | 'refused' | 'silent' | 'unreachable';
/** `reset` and `silent` come after the hello; `closed` ends without a reset; `failed` is TLS that says no. */
export type TlsOutcome = 'ok' | 'reset' | 'silent' | 'closed' | 'failed';

export interface ShownCertificate {
  readonly validFrom: number;
  readonly validTo: number;
  readonly issuer: string;
  /** Whether it is for the name or address of the route. */
  readonly fits: boolean;
  /** Whether an authority that is trusted here vouches for it. */
  readonly isTrusted: boolean;
}

export interface RouteFact {
  /** As it is written. */
  readonly route: string;
  readonly host: string;
  readonly port: number;
  /** Where it was tried; `undefined` where the name leads nowhere. */
  readonly address: string | undefined;
  readonly tcp: TcpOutcome;
  /** Whether another port of the address is open; `undefined` where none is known. */
  readonly isOtherPortOpen: boolean | undefined;
  /** A hello without a name, with a name of nobody, with the route's own; `undefined` where it was not tried. */
  readonly bare: TlsOutcome | undefined;
  readonly other: TlsOutcome | undefined;
  readonly named: TlsOutcome | undefined;
  /** A hello without a name, after the one with the name was not answered. */
  readonly after: TlsOutcome | undefined;
  /** Until the port answered again; `undefined` where it was not waited for. */
  readonly residualMs: number | undefined;
  readonly certificate: ShownCertificate | undefined;
  /** How much the clock of this machine is ahead of the other one. */
  readonly clockAheadMs: number | undefined;
  /** Many bytes over one connection. */
  readonly transfer: { readonly bytes: number; readonly ms: number; readonly hasStalled: boolean } | undefined;
  /** Whether a request in large packets was answered, where one in small packets was. */
  readonly passesLarge: boolean | undefined;
}

export interface FederationFact {
  readonly server: string;
  readonly outcome: 'ok' | 'unreachable' | 'not authentic';
  readonly why: string;
}

export interface DelegationFact {
  readonly server: string;
  /** Where other servers should end up: `host:port`. */
  readonly expected: string;
  /** What `/.well-known/matrix/server` says; `undefined` where there is none. */
  readonly wellKnown: string | undefined;
  /** What the SRV records say, as `host:port`. */
  readonly services: readonly string[];
}

/** What a node elsewhere sees of this one. */
export interface ReachFact {
  readonly node: string;
  /** From where our connections come to it. */
  readonly seenAddress: string;
  /** Whether this machine has that address itself. */
  readonly isOwnAddress: boolean;
  readonly ports: readonly { readonly port: number; readonly isOpen: boolean }[];
}

export interface NetworkFacts {
  readonly viewpoint: 'server' | 'user';
  readonly nowMs: number;
  readonly names: readonly NameFact[];
  readonly routes: readonly RouteFact[];
  /** Whether this machine has a global IPv6 address, and whether what has one too is reached by it. */
  readonly ipv6: { readonly hasAddress: boolean; readonly works: boolean | undefined };
  readonly certificates: readonly { readonly place: string; readonly validFrom: number; readonly validTo: number }[];
  readonly federation: readonly FederationFact[];
  readonly delegation: DelegationFact | undefined;
  readonly reach: readonly ReachFact[];
  readonly push: readonly { readonly host: string; readonly isReached: boolean }[];
  readonly forbidden: {
    /** Names of no licence that public DNS leads to a data centre inside. */
    readonly unlicensed: readonly { readonly name: string; readonly node: string; readonly address: string }[];
    readonly homePorts: readonly { readonly node: string; readonly port: number }[];
    readonly guessable: readonly { readonly host: string; readonly node: string }[];
  };
}

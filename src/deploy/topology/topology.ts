/** `postern.topology.yaml` as it is worked with: every node of a deployment, and what lies between them. Types only. */

/** Where a node stands. Users inside stand in `cn-isp`, where nobody runs a node. */
export const NODE_ZONES = ['world', 'cn-idc', 'cn-home'] as const;
export type NodeZone = (typeof NODE_ZONES)[number];

export const ROLES = ['homeserver', 'relay', 'notary', 'push', 'acme', 'dns'] as const;
export type Role = (typeof ROLES)[number];

/** Options of the table that this version can plan; the others are refused by name. */
export const BUILT_OPTIONS = ['1', '2', '3', '4', '4t', '5', '6', '7', '9', '11', '12'] as const;
export type BuiltOption = (typeof BUILT_OPTIONS)[number];
export const ALL_OPTIONS = ['1', '2', '3', '4', '4t', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14'] as const;

/** What stands between the node and the Internet: with `cgnat` nobody can dial it. */
export const NATS = ['none', 'upnp', 'manual', 'cgnat'] as const;
export type Nat = (typeof NATS)[number];

export const LICENCES = ['none', 'filed'] as const;
export type Licence = (typeof LICENCES)[number];

export interface TopologyNode {
  readonly name: string;
  readonly zone: NodeZone;
  readonly roles: readonly Role[];
  /** Name of its homeserver; `undefined` for the topology's own name, and for a node without one. */
  readonly server: string | undefined;
  /** Fixed IP addresses; none where the line gets another one now and then. */
  readonly addresses: readonly string[];
  readonly listen: readonly number[];
  readonly nat: Nat;
  readonly ddnsLabel: string | undefined;
  /** Whether a name in public DNS resolves to it. */
  readonly hasPublicDns: boolean;
  readonly licence: Licence;
  /** The key of its links, as its `postern link` prints it. */
  readonly key: string | undefined;
}

export interface TopologyLink {
  readonly from: string;
  readonly to: string;
  /** The end that opens the connection. */
  readonly dial: string;
  /** Carriers to try when the first one fails. */
  readonly fallback: readonly string[];
}

export interface FederationOverride {
  readonly connect: readonly string[];
  readonly order: 'race' | 'listed' | undefined;
  readonly pin: string | undefined;
  /** The server's signing key; kept for the reader, because a server's keys are checked by its own rules. */
  readonly key: string | undefined;
}

export interface ClientRoute {
  readonly text: string;
  readonly scheme: 'https' | 'webrtc';
  /** A name or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isLiteral: boolean;
}

export interface CertificateAuthority {
  /** `https://…`, the directory of its ACME. */
  readonly directory: string;
  readonly contact: readonly string[];
  readonly termsAgreed: boolean;
}

export interface Topology {
  /** The name of the server, the part behind the colon of every user id. */
  readonly name: string;
  readonly option: BuiltOption;
  readonly nodes: ReadonlyMap<string, TopologyNode>;
  readonly links: readonly TopologyLink[];
  /** Where listeners take the calls of links. */
  readonly linkPath: string;
  readonly overrides: ReadonlyMap<string, FederationOverride>;
  readonly routes: readonly ClientRoute[];
  readonly devices: { readonly doh: string | undefined; readonly zone: string | undefined };
  readonly pushVia: string | undefined;
  /** Who issues the certificates of the nodes; files are put there by hand where nobody is named. */
  readonly certificates: CertificateAuthority | undefined;
  /** Clients are answered below `/x/SECRET` only; everybody else finds a small site. */
  readonly pathSecret: string | undefined;
}

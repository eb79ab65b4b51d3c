/** A plan: what a topology means for every machine and everybody who looks on. Data; the texts are in `text/plan`. */
import type { PlanTexts } from '../../text/plan/index.ts';
import type { BuiltOption, NodeZone } from '../topology/topology.ts';

/** A sentence of the catalogue, and the values that it names. */
export interface Remark {
  readonly name: keyof PlanTexts['remarks'];
  readonly values: Readonly<Record<string, string | number>>;
}

/** People who use a client. */
export type Users = 'users-inside' | 'users-outside';
export type FlowPurpose = 'client' | 'relayed' | 'link' | 'federation';

/** Who speaks with whom, and what of it can be read on the way. */
export interface Flow {
  /** {@link Users} or a node. */
  readonly from: string;
  /** A node. */
  readonly to: string;
  readonly purpose: FlowPurpose;
  /** `host:port` of each way. */
  readonly places: readonly string[];
  /** The name in the hello of TLS, or `null` where none is shown. */
  readonly sni: string | null;
  /** Names that are asked of public DNS first. */
  readonly lookups: readonly string[];
  readonly crossesBorder: boolean;
  /** What a link is there for; nothing for other flows. */
  readonly carries: readonly ('client' | 'federation')[];
}

export type PortUse = 'client' | 'federation' | 'link' | 'relay';

export interface PlanNode {
  readonly name: string;
  readonly zone: NodeZone;
  /** The program that runs there. */
  readonly runs: 'serve' | 'relay';
  readonly server: string | null;
  readonly addresses: readonly string[];
  readonly open: readonly { readonly port: number; readonly uses: readonly PortUse[] }[];
  /** UDP ports for WebRTC. */
  readonly openDirect: readonly number[];
  readonly dials: readonly { readonly to: string; readonly purpose: FlowPurpose; readonly places: readonly string[] }[];
}

export interface DnsRecord {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'SRV' | 'TXT' | 'CNAME' | 'NS';
  readonly value: string;
}

export type CertificateMethod = 'tls-alpn-01' | 'dns-01' | 'shortlived' | 'site';

export interface PlanCertificate {
  readonly node: string;
  readonly names: readonly string[];
  readonly method: CertificateMethod;
}

export type PartyName = 'isp' | 'border' | 'idc' | 'home-isp' | 'host-abroad' | 'relay' | 'peer';

/** What somebody who is none of the users can read or learn. */
export interface Party {
  readonly party: PartyName;
  readonly lookups: readonly string[];
  readonly connections: readonly { readonly from: string; readonly to: string; readonly sni: string | null }[];
  readonly learns: readonly Remark[];
}

export interface Latency {
  /** Round trips in ms: set-up to first answer, median, and 95th of a hundred; `null` was not measured. */
  readonly calm: readonly [number | null, number | null, number | null];
  readonly evening: readonly [number | null, number | null, number | null];
  /** With the check of SNI in the data centre on, and with the name poisoned in DNS and reset by SNI. */
  readonly idcCheck: 'works' | 'fails' | 'unknown';
  readonly poisonedName: 'works' | 'fails' | 'unknown';
  /** `measured`: with stub servers in an emulated network. `computed`: from the delays of its lines. */
  readonly source: 'measured' | 'computed';
}

/** Stars of the founding table, 1 to 3. */
export interface Stars {
  readonly circumvention: number;
  readonly speed: number;
  readonly ease: number;
}

export interface Plan {
  readonly version: 1;
  readonly name: string;
  readonly option: BuiltOption;
  /** The option that it comes to: 4 with a link is 4t. */
  readonly layout: BuiltOption;
  readonly nodes: readonly PlanNode[];
  readonly flows: readonly Flow[];
  readonly dns: {
    readonly add: readonly DnsRecord[];
    readonly never: readonly Remark[];
    /** Records that stand on the devices of users and nowhere else. */
    readonly devices: readonly DnsRecord[];
  };
  readonly certificates: readonly PlanCertificate[];
  readonly sees: readonly Party[];
  readonly latency: Latency;
  /** `null` where the founding table has no such option. */
  readonly founding: Stars | null;
  readonly duties: readonly Remark[];
  readonly warnings: readonly Remark[];
}

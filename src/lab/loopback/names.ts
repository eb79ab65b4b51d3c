/** What somebody learns who asks for a name where no network is asked: with what a forger would say. Pure. */
import type { CensorSet } from '../network/censors.ts';
import type { ResolveAnswer } from '../network/messages.ts';
import type { HostSpec } from '../network/topology.ts';
import { readAddresses, writeQuestion } from '../packet/dns.ts';
import { parsePacket, writeUdp } from '../packet/packet.ts';

export interface Zone {
  readonly zone: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  readonly forward: readonly { readonly below: string; readonly address: string }[];
}

export interface Asking {
  readonly from: HostSpec;
  readonly server: HostSpec;
  readonly name: string;
  readonly now: number;
  readonly delayMs: (from: HostSpec, to: HostSpec) => number;
  readonly hostAt: (address: string) => HostSpec | undefined;
  readonly zoneOf: (host: string) => Zone | undefined;
  readonly censors: CensorSet;
}

/** A chain of servers longer than this is none of the lab's. */
const HOPS_MAX = 4;

/** The answers in the order in which they come; the first is what a program believes. */
export function askNames(asking: Asking, hops = 0): ResolveAnswer['answers'] {
  const { from, server, name, now, delayMs, hostAt, zoneOf, censors } = asking;
  const question = writeUdp({
    source: from.addresses[0] ?? '',
    destination: server.addresses[0] ?? '',
    sourcePort: 40_000,
    destinationPort: 53,
    payload: writeQuestion(name),
  });
  const packet = parsePacket(question);
  if (packet === undefined || hops > HOPS_MAX) return [];
  const judgement = censors.judge({ packet, source: from, destination: server, now });
  const oneWay = delayMs(from, server);
  const forged = judgement.inject.flatMap(({ bytes, depth }) => {
    const addresses = readAddresses(parsePacket(bytes)?.payload ?? new Uint8Array()).map((one) => one.address);
    return addresses.length === 0 ? [] : [{ ms: 2 * depth * oneWay, addresses, isTrue: false }];
  });
  if (judgement.isDropped) return forged;
  const zone = zoneOf(server.name);
  const own = zone?.zone.find((one) => one.name === name);
  if (own !== undefined) return [...forged, { ms: 2 * oneWay, addresses: own.addresses.filter(isIpv4), isTrue: true }];
  const next = zone?.forward.find(({ below }) => below === '' || name === below || name.endsWith(`.${below}`));
  const upstream = next === undefined ? undefined : hostAt(next.address);
  if (upstream === undefined) return forged;
  const [first] = askNames({ ...asking, from: server, server: upstream }, hops + 1);
  return first === undefined ? forged : [...forged, { ...first, ms: first.ms + 2 * oneWay }];
}

function isIpv4(address: string): boolean {
  return !address.includes(':');
}

/** The commands that make a host: a namespace with one VXLAN device, whose other end is the router. Pure. */
import type { WiredHost } from '../network/messages.ts';
import type { HostSpec } from '../network/topology.ts';

/** A /30 of its own for each host, between its namespace and the router's. */
export function wire(hosts: readonly HostSpec[]): WiredHost[] {
  return hosts.map((one, index) => ({ ...one, underlay: `192.168.250.${4 * index + 2}` }));
}

/** Makes room for namespaces that nobody else sees. */
export const PREPARE = ['mount -t tmpfs tmpfs /run', 'mkdir -p /run/netns', 'ip link set dev lo up'];

/** One host. Every `dev` is written out: `ip link set ma up` would read `ma` as `master`. */
export function hostCommands(host: WiredHost): string[] {
  const { name, underlay, addresses } = host;
  const router = underlay.replace(/\d+$/, (last) => String(Number(last) - 1));
  const inside = `ip -n ${name}`;
  const route = (address: string): string =>
    address.includes(':')
      ? `${inside} -6 route add default dev eth0 src ${address}`
      : `${inside} route add default dev eth0 src ${address}`;
  return [
    `ip netns add ${name}`,
    `ip link add u-${name} mtu 9000 type veth peer name under netns ${name} mtu 9000`,
    `ip addr add ${router}/30 dev u-${name}`,
    `ip link set dev u-${name} up`,
    `${inside} addr add ${underlay}/30 dev under`,
    `${inside} link set dev under up`,
    `${inside} link set dev lo up`,
    `${inside} link add eth0 address 02:00:00:00:00:01 mtu 1500 type vxlan id 7 remote ${router} dstport 4789 ` +
      'dev under noudpcsum nolearning',
    // No neighbours are asked for: everything goes to the router.
    `${inside} link set dev eth0 arp off`,
    // Packets of the size of the line: else the kernel hands over 64 KB at once, and losses hit the wrong thing.
    `${inside} link set dev eth0 gso_max_segs 1 gso_max_size 1500`,
    ...addresses.map((one) => `${inside} addr add ${one} dev eth0${one.includes(':') ? ' nodad' : ''}`),
    `${inside} link set dev eth0 up`,
    ...addresses.map(route),
  ];
}

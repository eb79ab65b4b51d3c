/** Topology → plan. Pure. The face of the folder. */
import {
  clientRoutesOf,
  findLink,
  findNodeOfRoute,
  findOwnServer,
  findRelay,
  isRelay,
  serverNameOf,
} from '../topology/derive.ts';
import type { BuiltOption, Topology, TopologyNode } from '../topology/topology.ts';
import { flowsOf } from './flows.ts';
import { foundingStars, latencyOf } from './measured.ts';
import { certificatesOf } from './certificates.ts';
import { dnsOf } from './names.ts';
import { partiesOf } from './parties.ts';
import type { Flow, Plan, PlanNode } from './plan.ts';
import { dutiesOf, warningsOf } from './remarks.ts';
import { usesOf } from './uses.ts';

/** What a checked topology comes to. */
export function planTopology(topology: Topology): Plan {
  const layout = layoutOf(topology);
  const flows = flowsOf(topology);
  const certificates = certificatesOf(topology);
  return {
    version: 1,
    name: topology.name,
    option: topology.option,
    layout,
    nodes: [...topology.nodes.values()].map((node) => planNode(topology, node, flows)),
    flows,
    dns: dnsOf(topology, certificates),
    certificates,
    sees: partiesOf(topology, flows),
    latency: latencyOf(topology, layout),
    founding: foundingStars(layout),
    duties: dutiesOf(topology, layout),
    warnings: warningsOf(topology, { flows, certificates }),
  };
}

/** "`4t` is option 4 with the no-SNI link (what `option: 4` renders), `4` bare is kept for comparison." */
function layoutOf(topology: Topology): BuiltOption {
  const relay = findRelay(topology)?.name ?? '';
  const own = findOwnServer(topology)?.name ?? '';
  return topology.option === '4' && findLink(topology, relay, own) !== undefined ? '4t' : topology.option;
}

function planNode(topology: Topology, node: TopologyNode, flows: readonly Flow[]): PlanNode {
  const dials = flows.filter(({ from }) => from === node.name);
  return {
    name: node.name,
    zone: node.zone,
    runs: isRelay(node) ? 'relay' : 'serve',
    server: isRelay(node) ? null : serverNameOf(topology, node),
    addresses: node.addresses,
    open: node.listen.map((port) => ({ port, uses: usesOf(topology, node, port) })),
    openDirect: clientRoutesOf(topology)
      .filter((route) => route.scheme === 'webrtc' && findNodeOfRoute(topology, route) === node)
      .map(({ port }) => port),
    dials: dials.map(({ to, purpose, places }) => ({ to, purpose, places })),
  };
}

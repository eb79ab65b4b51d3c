/** What the ports of a node serve. */
import { federationPortOf, isRelay } from '../topology/derive.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';
import type { PortUse } from './plan.ts';

/** What a port of a node serves. */
export function usesOf(topology: Topology, node: TopologyNode, port: number): PortUse[] {
  const isLinked = topology.links.some(
    ({ from, to, dial }) => dial !== node.name && (from === node.name || to === node.name),
  );
  const link: PortUse[] = isLinked && port === node.listen[0] ? ['link'] : [];
  if (isRelay(node)) return ['relay', ...link];
  const isForServers = port === federationPortOf(node);
  const isForUsers = !isForServers || port === node.listen[0];
  return [...(isForUsers ? (['client'] as const) : []), ...(isForServers ? (['federation'] as const) : []), ...link];
}

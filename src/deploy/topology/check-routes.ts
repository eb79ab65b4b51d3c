/** Routes of clients that lead nowhere, or where no certificate can be had. */
import { clientRoutesOf, findRelay, isRelay, nodesOfRoute } from './derive.ts';
import { isGuessableLabel } from './labels.ts';
import { type Note, show } from './mistakes.ts';
import type { ClientRoute, Topology } from './topology.ts';

/** Notes what is wrong with each route, or that one is missing. */
export function checkRoutes(topology: Topology, note: Note): void {
  const routes = clientRoutesOf(topology);
  if (routes.length === 0) {
    const port = findRelay(topology)?.listen[0] ?? 40_443;
    note(['routes'], 'routes-missing', { option: topology.option, name: topology.name, port });
  }
  for (const [index, route] of routes.entries()) {
    checkRoute(topology, route, (...rest) => note(['routes', String(index)], ...rest));
  }
}

function checkRoute(
  topology: Topology,
  route: ClientRoute,
  note: (name: Parameters<Note>[1], values: Parameters<Note>[2]) => void,
): void {
  const [node, ...more] = nodesOfRoute(topology, route);
  // What stands behind # opens the port: it is told to nobody.
  const found = show(route.text.replace(/#.*/, ''));
  if (node === undefined) {
    note('route-nowhere', { found });
    return;
  }
  if (more.length > 0) note('route-several', { found, nodes: [node, ...more].map(({ name }) => name).join(', ') });
  if (route.scheme === 'webrtc') return;
  if (route.isLiteral && isRelay(node)) note('route-address-at-relay', { found });
  // "shortlived profile …, http-01 / tls-alpn-01, not dns-01": DEPLOYMENT §12.3.
  if (route.isLiteral && !isRelay(node) && !node.listen.some((port) => port === 80 || port === 443)) {
    note('route-no-certificate', { found, node: node.name });
  }
  if (!route.isLiteral && node.zone === 'cn-home' && node.ddnsLabel === undefined && isGuessableLabel(route.host)) {
    note('guessable-label', { found: show(route.host) });
  }
}

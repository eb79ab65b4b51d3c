/** From what was seen of the network to findings. Pure. */
import type { DelegationFact, NameFact, NetworkFacts, ReachFact } from '../topology/network-facts.ts';
import { bySeverity, type Finding } from './findings.ts';
import { finding, isEnding, judgeRoute } from './route.ts';

const DAY_MS = 86_400_000;

/** Every finding, the gravest first. */
export function diagnoseNetwork(facts: NetworkFacts): Finding[] {
  const { viewpoint, nowMs } = facts;
  return [
    ...facts.names.flatMap((one) => judgeName(one, viewpoint)),
    ...facts.routes.flatMap((one) => judgeRoute(one, nowMs)),
    ...ipv6(facts),
    ...certificates(facts),
    ...facts.federation.flatMap(({ server, outcome, why }) => {
      if (outcome === 'ok') return [];
      const name = outcome === 'unreachable' ? 'federation-unreachable' : 'federation-not-authentic';
      return [finding(name, 'error', 'postern plan', { server, why })];
    }),
    ...(facts.delegation === undefined ? [] : judgeDelegation(facts.delegation)),
    ...facts.reach.flatMap(judgeReach),
    ...facts.push
      .filter(({ isReached }) => !isReached)
      .map(({ host }) => finding('push-unreachable', 'warning', 'postern plan', { host })),
    ...forbidden(facts.forbidden),
  ].toSorted(bySeverity);
}

type LookUps = [NameFact['system'], NameFact['expected'], NameFact['trusted']];

/** Whether a name leads elsewhere than it should, by the owner's word or by the owner's resolver. */
function isWrong(...[system, expected, trusted]: LookUps): boolean {
  const right = expected.length > 0 ? expected : trusted?.hasFailed === false ? trusted.addresses : undefined;
  if (right === undefined || right.length === 0 || system.addresses.length === 0) return false;
  return !system.addresses.some((one) => right.includes(one));
}

function judgeName({ name, expected, system, trusted }: NameFact, viewpoint: NetworkFacts['viewpoint']): Finding[] {
  const address = expected[0] ?? trusted?.addresses[0] ?? '';
  const values = { name, address, found: system.addresses.join(', ') };
  const hosts = `postern serve --network.hosts='{ ${name}: "${address}" }'`;
  const command = viewpoint === 'user' ? 'postern devices --os linux' : hosts;
  if (isWrong(system, expected, trusted)) return [finding('name-poisoned', 'error', command, values)];
  if (system.answers > 1) return [finding('name-answered-twice', 'warning', command, values)];
  if (system.addresses.length > 0) return [];
  return [finding('name-not-found', 'error', address === '' ? 'postern plan' : command, values)];
}

function ipv6({ ipv6: { hasAddress, works } }: NetworkFacts): Finding[] {
  return hasAddress && works === false ? [finding('ipv6-broken', 'warning', 'ip -6 route get 2001:db8::1')] : [];
}

function certificates({ certificates: list, nowMs }: NetworkFacts): Finding[] {
  return list.flatMap((one) => {
    const values = { place: one.place, days: Math.floor((one.validTo - nowMs) / DAY_MS), host: one.place, issuer: '' };
    if (one.validTo <= nowMs) return [finding('certificate-expired', 'error', 'postern cert renew', values)];
    return isEnding(one, nowMs) ? [finding('certificate-ending', 'warning', 'postern cert renew', values)] : [];
  });
}

/** "3 .well-known … 4 SRV": other servers take the first that there is, and all of them must lead to the same place. */
function judgeDelegation({ server, expected, wellKnown, services }: DelegationFact): Finding[] {
  const values = { server, expected };
  if (wellKnown !== undefined && wellKnown !== expected) {
    return [
      finding('delegation-differs', 'error', `curl https://${server}/.well-known/matrix/server`, {
        ...values,
        found: wellKnown,
      }),
    ];
  }
  const other = services.find((one) => one !== expected);
  const isFound = wellKnown !== undefined || services.length > 0 || expected.endsWith(':8448');
  if (!isFound) return [finding('delegation-missing', 'error', 'postern plan', values)];
  if (other === undefined) return [];
  // Where there is a .well-known nobody asks for SRV records: a wrong one is a trap for later.
  const severity = wellKnown === undefined ? 'error' : 'warning';
  return [finding('services-differ', severity, `dig SRV _matrix-fed._tcp.${server}`, { ...values, found: other })];
}

function judgeReach({ node, seenAddress, isOwnAddress, ports }: ReachFact): Finding[] {
  const closed = ports.filter(({ isOpen }) => !isOpen);
  const values = { node, address: seenAddress };
  if (closed.length === 0) return [];
  const name = isOwnAddress ? 'port-not-reached' : 'port-not-forwarded';
  return closed.map(({ port }) => finding(name, 'error', `postern doctor --ask ${node}`, { ...values, port }));
}

function forbidden({ unlicensed, homePorts, guessable }: NetworkFacts['forbidden']): Finding[] {
  return [
    ...unlicensed.map((one) => finding('unlicensed-name-resolves', 'error', `dig ${one.name}`, { ...one })),
    ...homePorts.map((one) => finding('home-line-web-port', 'error', `postern render --node ${one.node}`, { ...one })),
    ...guessable.map((one) => finding('guessable-label', 'warning', 'postern plan', { ...one })),
  ];
}

/** Gathers what the doctor judges about the network, from wherever it stands. */
import { isIP } from 'node:net';
import type { LookUp, NameFact, RouteFact, TlsOutcome } from '../topology/network-facts.ts';
import type { Place, Probes } from './probes.ts';

export interface RouteQuestion {
  /** As it is written. */
  readonly route: string;
  readonly host: string;
  readonly port: number;
  /** Where the name should lead, by the owner's word. */
  readonly expected: readonly string[];
  /** Nobody here asks a resolver for the name: what it says does not matter. */
  readonly isPinned?: boolean;
  /** Further ports that should be open at the same address. */
  readonly otherPorts: readonly number[];
}

export interface NetworkQuestion {
  readonly routes: readonly RouteQuestion[];
  /** A resolver of the owner's, over HTTPS. */
  readonly doh: string | undefined;
  /** Waits until a port answers again after a name was refused. */
  readonly isPatient: boolean;
}

export interface Gathered {
  readonly names: readonly NameFact[];
  readonly routes: readonly RouteFact[];
  readonly ipv6: { readonly hasAddress: boolean; readonly works: boolean | undefined };
}

/** A name that nobody has: it is on no list of forbidden names, and on none of allowed ones. */
const NOBODY = 'x7q2.invalid';
const RESIDUAL = { stepMs: 10_000, maxMs: 240_000 } as const;

/** Looks at every name and route, one after another: what one provokes must not fall on another's account. */
export async function gatherNetwork(question: NetworkQuestion, probes: Probes): Promise<Gathered> {
  const names = new Map<string, NameFact>();
  const routes: RouteFact[] = [];
  for (const route of question.routes) {
    if (isIP(route.host) === 0 && route.isPinned !== true && !names.has(route.host)) {
      const trusted = question.doh === undefined ? undefined : await probes.lookUpOverHttps(question.doh, route.host);
      const system = await probes.lookUp(route.host);
      names.set(route.host, { name: route.host, expected: route.expected, system, trusted });
    }
    routes.push(await gatherRoute(route, names.get(route.host), { probes, isPatient: question.isPatient }));
  }
  return { names: [...names.values()], routes, ipv6: await gatherIpv6([...names.values()], routes, probes) };
}

interface Way {
  readonly probes: Probes;
  readonly isPatient: boolean;
}

/** The right address, if it is known: what is wrong with the name is said of the name. */
function addressOf({ host, expected }: RouteQuestion, name: NameFact | undefined): string | undefined {
  if (isIP(host) !== 0) return host;
  const known = [expected, name?.trusted?.addresses ?? [], name?.system.addresses ?? []];
  return known.find((list) => list.length > 0)?.find((one) => isIP(one) !== 0);
}

async function gatherRoute(question: RouteQuestion, name: NameFact | undefined, way: Way): Promise<RouteFact> {
  const { route, host, port, otherPorts } = question;
  const address = addressOf(question, name);
  const none: RouteFact = {
    route,
    host,
    port,
    address,
    tcp: 'unreachable',
    isOtherPortOpen: undefined,
    bare: undefined,
    other: undefined,
    named: undefined,
    after: undefined,
    residualMs: undefined,
    certificate: undefined,
    clockAheadMs: undefined,
    transfer: undefined,
    passesLarge: undefined,
  };
  if (address === undefined) return none;
  const place = { address, port };
  const tcp = await way.probes.open(place);
  if (tcp !== 'open') return { ...none, tcp, isOtherPortOpen: await isAnyOpen(address, otherPorts, way.probes) };
  return { ...none, tcp, ...(await gatherHellos(place, host, way)) };
}

async function isAnyOpen(address: string, ports: readonly number[], probes: Probes): Promise<boolean | undefined> {
  for (const port of ports) if ((await probes.open({ address, port })) === 'open') return true;
  return ports.length === 0 ? undefined : false;
}

const isAnswer = (outcome: TlsOutcome | undefined): boolean => outcome === 'ok' || outcome === 'failed';

/** The harmless hellos first: a forbidden name closes the port for those that come after it. */
async function gatherHellos(place: Place, host: string, { probes, isPatient }: Way): Promise<Partial<RouteFact>> {
  const isAddress = isIP(host) !== 0;
  const bare = await probes.greet(place, undefined, host);
  const other = await probes.greet(place, NOBODY, host);
  const named = isAddress ? undefined : await probes.greet(place, host, host);
  const best = named === undefined || !isAnswer(named.outcome) ? bare : named;
  const facts = { bare: bare.outcome, other: other.outcome, named: named?.outcome, certificate: best.certificate };
  if (named !== undefined && !isAnswer(named.outcome)) {
    const after = isAnswer(bare.outcome) ? (await probes.greet(place, undefined, host)).outcome : undefined;
    const isWaitedFor = isPatient && after !== undefined && !isAnswer(after);
    return { ...facts, after, residualMs: isWaitedFor ? await residualOf(place, host, probes) : undefined };
  }
  if (best.outcome !== 'ok') return facts;
  const exchanged = await probes.exchange(place, isAddress ? undefined : host, host);
  if (exchanged === undefined) return { ...facts, passesLarge: undefined };
  const { dateMs, atMs, transfer, passesLarge } = exchanged;
  return { ...facts, clockAheadMs: dateMs === undefined ? undefined : atMs - dateMs, transfer, passesLarge };
}

/** Until the port answers again. */
async function residualOf(place: Place, host: string, probes: Probes): Promise<number | undefined> {
  const startedAt = probes.now();
  while (probes.now() - startedAt < RESIDUAL.maxMs) {
    await probes.pause(RESIDUAL.stepMs);
    if (isAnswer((await probes.greet(place, undefined, host)).outcome)) return probes.now() - startedAt;
  }
  return undefined;
}

/** Whether the IPv6 addresses of what is reached by IPv4 are reached, too. */
async function gatherIpv6(
  names: readonly NameFact[],
  routes: readonly RouteFact[],
  probes: Probes,
): Promise<Gathered['ipv6']> {
  const hasAddress = probes.hasIpv6();
  if (!hasAddress) return { hasAddress, works: undefined };
  const sixth = (found: LookUp): string | undefined => found.addresses.find((one) => isIP(one) === 6);
  for (const { host, port, tcp, address } of routes) {
    const name = names.find((one) => one.name === host);
    const known =
      name?.expected.find((one) => isIP(one) === 6) ?? (name === undefined ? undefined : sixth(name.system));
    if (known === undefined || known === address || tcp !== 'open') continue;
    return { hasAddress, works: (await probes.open({ address: known, port })) === 'open' };
  }
  return { hasAddress, works: undefined };
}

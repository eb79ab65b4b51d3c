/** What is wrong with one route: one finding at most about how it is blocked. Pure. */
import type { RouteFact, TlsOutcome } from '../topology/network-facts.ts';
import type { Finding, FindingName, Severity } from './findings.ts';

/** Another way in is a matter of the layout. */
const WAY = 'postern plan';

const DAY_MS = 86_400_000;
const SKEW_MS = { warning: 60_000, error: 300_000 } as const;
/** "throttling to 128 kbit/s" is 16,000 bytes a second; a bad evening leaves some 60,000. */
const SLOW_BYTES_PER_SECOND = { throttled: 24_000, slow: 80_000 } as const;

/** How the route is blocked, if it is; else what is wrong with what it shows. */
export function judgeRoute(fact: RouteFact, nowMs: number): Finding[] {
  const blocked = blockOf(fact);
  if (blocked !== undefined) return [blocked, ...residual(fact)];
  return [...certificate(fact, nowMs), ...skew(fact), ...carriage(fact)];
}

interface Block {
  readonly name: FindingName;
  readonly command: string;
}

function blockOf(fact: RouteFact): Finding | undefined {
  const found = tcpBlock(fact) ?? tlsBlock(fact);
  const { route, host, port, address = '' } = fact;
  return found && finding(found.name, 'error', found.command, { route, host, port, address });
}

function tcpBlock({ tcp, address, isOtherPortOpen, host, port }: RouteFact): Block | undefined {
  // Where the name leads nowhere, that is said of the name.
  if (address === undefined || tcp === 'open') return undefined;
  if (isOtherPortOpen === true) return { name: 'port-blocked', command: 'postern plan' };
  if (tcp === 'refused') return { name: 'nobody-listens', command: `ss -ltn 'sport = :${port}'` };
  return { name: 'address-blocked', command: `ping -c 3 ${host}` };
}

const isAnswer = (outcome: TlsOutcome | undefined): boolean => outcome === 'ok' || outcome === 'failed';

function tlsBlock({ tcp, bare, other, named }: RouteFact): Block | undefined {
  if (tcp !== 'open') return undefined;
  if (named !== undefined && !isAnswer(named)) {
    // The name alone: an allow-list, as of a data centre, refuses a name of nobody as well.
    if (isAnswer(bare) && isAnswer(other))
      return { name: named === 'silent' ? 'name-dropped' : 'name-reset', command: WAY };
    if (isAnswer(bare)) return { name: 'any-name-reset', command: WAY };
    // Servers may refuse a hello without a name; one that the name alone opens is none of these.
  }
  const tried = [named, bare].filter((one) => one !== undefined);
  if (tried.length === 0 || tried.some(isAnswer)) return undefined;
  if (tried.includes('silent')) return { name: 'tls-silent', command: WAY };
  return { name: 'tls-reset', command: WAY };
}

/** After a forbidden name everything else between the same two is blocked for a while. */
function residual({ route, bare, after, residualMs }: RouteFact): Finding[] {
  if (!isAnswer(bare) || after === undefined || isAnswer(after)) return [];
  const seconds = residualMs === undefined ? '≥ 1' : Math.round(residualMs / 1_000);
  return [finding('residual-block', 'hint', 'postern doctor --patient', { route, seconds })];
}

function certificate({ route, host, certificate: shown }: RouteFact, nowMs: number): Finding[] {
  if (shown === undefined) return [];
  const days = Math.floor((shown.validTo - nowMs) / DAY_MS);
  const values = { place: route, host, days, issuer: shown.issuer };
  if (shown.validTo <= nowMs) return [finding('certificate-expired', 'error', 'postern cert renew', values)];
  if (!shown.fits) return [finding('certificate-wrong-name', 'error', 'postern cert show', values)];
  if (!shown.isTrusted) return [finding('certificate-untrusted', 'error', 'postern cert issue', values)];
  return isEnding(shown, nowMs) ? [finding('certificate-ending', 'warning', 'postern cert renew', values)] : [];
}

/** "doctor warns at 1/3 of the lifetime". */
export function isEnding(shown: { readonly validFrom: number; readonly validTo: number }, nowMs: number): boolean {
  return shown.validTo - nowMs < (shown.validTo - shown.validFrom) / 3;
}

function skew({ route, clockAheadMs: aheadMs = 0 }: RouteFact): Finding[] {
  if (Math.abs(aheadMs) < SKEW_MS.warning) return [];
  const severity = Math.abs(aheadMs) < SKEW_MS.error ? 'warning' : 'error';
  return [
    finding('clock-skewed', severity, 'timedatectl set-ntp true', { route, seconds: Math.round(aheadMs / 1_000) }),
  ];
}

function carriage({ route, address = '', transfer, passesLarge }: RouteFact): Finding[] {
  if (transfer?.hasStalled === true) {
    return [finding('connection-freezes', 'error', WAY, { route, bytes: transfer.bytes })];
  }
  if (passesLarge === false) return [finding('large-packets-lost', 'error', `tracepath -n ${address}`, { route })];
  if (transfer === undefined || transfer.ms === 0) return [];
  const perSecond = (transfer.bytes / transfer.ms) * 1_000;
  const values = { route, kilobytes: Math.round(perSecond / 1_000) };
  if (perSecond < SLOW_BYTES_PER_SECOND.throttled) return [finding('connection-throttled', 'warning', WAY, values)];
  return perSecond < SLOW_BYTES_PER_SECOND.slow ? [finding('line-slow', 'hint', WAY, values)] : [];
}

/** A finding with its values. */
export function finding(
  name: FindingName,
  severity: Severity,
  command: string,
  values: Finding['values'] = {},
): Finding {
  return { name, severity, command, values };
}

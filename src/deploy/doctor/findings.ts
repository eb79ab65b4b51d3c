/** What the doctor can find, by name. Each has a text in every catalogue and one command to type. */

export type Severity = 'error' | 'warning' | 'hint';

export const FINDINGS = [
  'node-too-old',
  'sqlite-too-old',
  'no-full-text-search',
  'data-dir-not-writable',
  'data-dir-open',
  'disk-nearly-full',
  'signing-key-open',
  'no-encryption-package',
  'no-postgres-package',
  'no-sodium',
  'no-argon2',
  'no-sharp',
  'web-client-missing',
  'port-taken',
  'port-forbidden',
  'address-unknown',
  'open-registration-in-public',
  'no-rate-limits',
  'weak-passwords',
  'plain-http-in-public',
  'localhost-in-public',
  'name-poisoned',
  'name-answered-twice',
  'name-not-found',
  'address-blocked',
  'port-blocked',
  'nobody-listens',
  'name-reset',
  'name-dropped',
  'any-name-reset',
  'tls-reset',
  'tls-silent',
  'residual-block',
  'certificate-expired',
  'certificate-ending',
  'certificate-wrong-name',
  'certificate-untrusted',
  'clock-skewed',
  'ipv6-broken',
  'large-packets-lost',
  'connection-freezes',
  'connection-throttled',
  'line-slow',
  'federation-unreachable',
  'federation-not-authentic',
  'delegation-differs',
  'services-differ',
  'delegation-missing',
  'port-not-reached',
  'port-not-forwarded',
  'push-unreachable',
  'unlicensed-name-resolves',
  'home-line-web-port',
  'guessable-label',
] as const;
export type FindingName = (typeof FINDINGS)[number];

export interface Finding {
  readonly name: FindingName;
  readonly severity: Severity;
  /** Values that the texts name. */
  readonly values: Readonly<Record<string, string | number>>;
  /** The one thing to type. */
  readonly command: string;
}

const ORDER: Readonly<Record<Severity, number>> = { error: 0, warning: 1, hint: 2 };

/** Puts the gravest first. */
export function bySeverity(left: Finding, right: Finding): number {
  return ORDER[left.severity] - ORDER[right.severity];
}

/** What the doctor can find, by name. Each has a text in every catalogue and one command to type. */

export type Severity = 'error' | 'warning' | 'hint';

export type FindingName =
  | 'node-too-old'
  | 'sqlite-too-old'
  | 'no-full-text-search'
  | 'data-dir-not-writable'
  | 'data-dir-open'
  | 'disk-nearly-full'
  | 'signing-key-open'
  | 'no-encryption-package'
  | 'no-postgres-package'
  | 'no-sodium'
  | 'no-argon2'
  | 'no-sharp'
  | 'web-client-missing'
  | 'port-taken'
  | 'port-forbidden'
  | 'address-unknown'
  | 'open-registration-in-public'
  | 'no-rate-limits'
  | 'weak-passwords'
  | 'plain-http-in-public'
  | 'localhost-in-public';

export interface Finding {
  readonly name: FindingName;
  readonly severity: Severity;
  /** Values that the texts name. */
  readonly values: Readonly<Record<string, string | number>>;
  /** The one thing to type. */
  readonly command: string;
}

/** PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate that is replaced by its successor while it is in use. */
export interface LiveCertificate {
  readonly current: Certificate;
  /** Calls `take` with each successor. */
  onRenewed(take: (certificate: Certificate) => void): void;
}

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
  /** Shown in the handshakes by which an authority sees who answers for a name (RFC 8737); none unless there are. */
  readonly challenges?: TlsChallenges | undefined;
}

export interface TlsChallenges {
  /** What is shown to whoever asks for `serverName` by "acme-tls/1"; `undefined` where no such question is open. */
  find(serverName: string): Certificate | undefined;
}

export type ChallengeKind = 'http-01' | 'tls-alpn-01' | 'dns-01';

/** What an authority wants to see before it believes that a name or address is ours. */
export interface Challenge {
  readonly kind: ChallengeKind;
  /** A host name (without the star of a wildcard) or an IP address. */
  readonly name: string;
  readonly token: string;
  /** What http-01 answers. */
  readonly keyAuthorization: string;
  /** What the TXT record of dns-01 says. */
  readonly record: string;
  /** What tls-alpn-01 shows, and the name that it is asked for. */
  tlsAnswer(): Promise<{ readonly serverName: string; readonly certificate: Certificate }>;
}

export interface CertificateRequest {
  /** Names a file of the pending order. */
  readonly id: string;
  /** Host names, `*.name`, IP addresses. */
  readonly names: readonly string[];
  readonly kind: ChallengeKind;
  readonly profile?: string | undefined;
  /** The certificate that this one is to replace, PEM. */
  readonly replaces?: string | undefined;
  /** Shows what the authority wants to see. The result takes it away. */
  present(challenge: Challenge): Promise<() => void>;
  /** Resolves when everything that is shown can be seen. */
  ready(): Promise<void>;
  /** Why a certificate cannot be used; `undefined` where it can. */
  check(certificate: Certificate): string | undefined;
  readonly signal: AbortSignal;
}

export type Issued =
  | { readonly certificate: Certificate }
  /** The authority says no. */
  | { readonly refused: string; readonly retryAfterMs?: number | undefined };

/** When the authority would like a certificate to be renewed (RFC 9773). */
export interface RenewalWindow {
  readonly startAt: number;
  readonly endAt: number;
  readonly askAgainMs: number;
}

/** An authority that issues certificates. */
export interface Authority {
  /** Orders, proves, fetches. Rejects with an {@link OperationError} where the authority cannot be reached. */
  issue(request: CertificateRequest): Promise<Issued>;
  /** `undefined` where the authority has no wish. */
  renewalWindow(certificate: string, signal: AbortSignal): Promise<RenewalWindow | undefined>;
}

/** Small private texts that survive a crash whole or not at all. */
export interface PrivateTexts {
  read(name: string): string | undefined;
  /** Durable when it returns. */
  write(name: string, text: string): void;
  remove(name: string): void;
}

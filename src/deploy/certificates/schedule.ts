/** When a certificate is renewed. Pure. */
import type { RenewalWindow } from '../../ports/certificates.ts';
import type { CertificateFacts } from './check.ts';

/** "at a third of the lifetime" left; a few hours earlier on some machines than on others. */
const LEFT_SHARE = 1 / 3;
const JITTER_SHARE = 1 / 20;
const BACK_OFF_MS = { first: 300_000, max: 21_600_000 } as const;

/** Something between 0 and 1 that stays the same for a certificate. */
function fractionOf({ fingerprint }: CertificateFacts): number {
  return Number.parseInt(fingerprint.slice(0, 8), 16) / 2 ** 32;
}

/** When it is due. What the authority wishes counts, as long as it leaves time to try again. */
export function renewalAt(facts: CertificateFacts, window: RenewalWindow | undefined): number {
  const lifetimeMs = facts.validTo - facts.validFrom;
  const lastAt = facts.validTo - lifetimeMs * LEFT_SHARE;
  const jitter = fractionOf(facts);
  // RFC 9773 §4.2: "Select a uniform random time within the suggested window."
  const wished = window === undefined ? undefined : window.startAt + (window.endAt - window.startAt) * jitter;
  const tooLateAt = facts.validTo - lifetimeMs / 10;
  return wished !== undefined && wished < tooLateAt ? wished : lastAt - lifetimeMs * JITTER_SHARE * jitter;
}

/** Whether less than a third of its lifetime is left: somebody should look why it has not been renewed. */
export function isLate({ validFrom, validTo }: CertificateFacts, nowMs: number): boolean {
  return validTo - nowMs < (validTo - validFrom) * LEFT_SHARE;
}

/** The pause after so many failures; `random` is between 0 and 1. */
export function backOffMs(failures: number, random: number): number {
  const usual = Math.min(BACK_OFF_MS.first * 2 ** Math.min(failures - 1, 16), BACK_OFF_MS.max);
  return Math.round(usual * (0.75 + random / 2));
}

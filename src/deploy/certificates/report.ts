/** What `postern cert show` tells of a certificate. Nothing is changed, nobody is asked. */
import { type ChallengeZone, delegatedName } from './board.ts';
import { factsOf } from './check.ts';
import type { ManagedCertificate } from './entry.ts';
import type { CertificateFolder } from './folder.ts';
import { isLate } from './schedule.ts';
import { readState, type WantedRecord } from './state.ts';

export interface CertificateReport {
  readonly id: string;
  readonly names: readonly string[];
  readonly state: 'valid' | 'late' | 'over' | 'missing';
  readonly issuer: string | undefined;
  readonly validTo: number | undefined;
  readonly daysLeft: number | undefined;
  readonly challenge: string | undefined;
  readonly from: string | undefined;
  /** Node → whether it has this one. */
  readonly shipTo: readonly { readonly node: string; readonly isThere: boolean }[];
  /** Why the last attempt failed. */
  readonly why: string | undefined;
  /** Records that an order waits for. */
  readonly records: readonly WantedRecord[];
  /** CNAMEs by which the zone of this node answers. */
  readonly aliases: readonly { readonly name: string; readonly target: string }[];
}

const DAY_MS = 86_400_000;

/** Looks at the files of one certificate. */
export function reportOf(
  config: ManagedCertificate,
  {
    folder,
    zone,
    nowMs,
  }: { readonly folder: CertificateFolder; readonly zone: ChallengeZone | null; readonly nowMs: number },
): CertificateReport {
  const { id, names, kind, from } = config;
  const current = folder.readCertificate(id);
  const facts = current === undefined ? undefined : factsOf(current.certificate);
  const { why, records, shipped } = readState(folder, id);
  const bare = [...new Set(names.map((one) => one.replace(/^\*\./, '')))];
  const byZone = kind === 'dns-01' && zone !== null ? bare : [];
  let state: CertificateReport['state'] = 'valid';
  if (facts === undefined) state = 'missing';
  else if (facts.validTo <= nowMs) state = 'over';
  else if (isLate(facts, nowMs)) state = 'late';
  return {
    id,
    names,
    state,
    issuer: facts?.issuer,
    validTo: facts?.validTo,
    daysLeft: facts === undefined ? undefined : Math.floor((facts.validTo - nowMs) / DAY_MS),
    challenge: kind,
    from,
    shipTo: config.shipTo.map((node) => ({
      node,
      isThere: facts !== undefined && shipped.get(node) === facts.fingerprint,
    })),
    why,
    records,
    aliases:
      zone === null
        ? []
        : byZone.map((name) => ({ name: `_acme-challenge.${name}`, target: delegatedName(name, zone) })),
  };
}

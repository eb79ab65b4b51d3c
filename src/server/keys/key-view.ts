/** Keys as somebody sees them: with the signatures that are theirs to see. */
import type { UserId } from '../../matrix/ids.ts';
import { asObject, copyObject, type JsonObject } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { KeySignatureRow } from '../../ports/store/index.ts';

/** Whoever looks at keys: a user of this server, or another server, which sees what everybody sees. */
export class KeyViewer {
  readonly user: UserId | undefined;

  constructor(user: UserId | undefined) {
    this.user = user;
  }

  /** Signatures by the owner of a key, and one's own. */
  visible(rows: readonly KeySignatureRow[]): KeySignatureRow[] {
    return rows.filter((row) => row.signer === row.target || row.signer === this.user);
  }
}

/** The one public key of a cross-signing key object. */
export function publicPart(json: string): string {
  const keys = asObject(asObject(parseTrusted(json))?.['keys']) ?? {};
  return Object.keys(keys)[0]?.split(':').slice(1).join(':') ?? '';
}

/** A key object with the signatures that others have made on it. */
export function withSignatures(
  json: string,
  rows: readonly KeySignatureRow[],
  { target, targetKey }: { target: UserId; targetKey: string },
): JsonObject {
  const keys = asObject(parseTrusted(json)) ?? {};
  const signatures = new Map<string, JsonObject>();
  for (const [signer, own] of Object.entries(asObject(keys['signatures']) ?? {})) {
    signatures.set(signer, { ...asObject(own) });
  }
  for (const row of rows) {
    if (row.target !== target || row.targetKey !== targetKey) continue;
    const ofSigner = signatures.get(row.signer) ?? {};
    ofSigner[row.signerKeyId] = row.signature;
    signatures.set(row.signer, ofSigner);
  }
  return copyObject(keys, { signatures: Object.fromEntries(signatures) });
}

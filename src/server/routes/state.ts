/** What is kept of the routes between starts: the version of the manifest, and the secrets that open a WebRTC port. */
import { decodeBase64Url, encodeBase64Url } from '../../lib/base64.ts';
import { getInteger, getString, getStrings, isObject, type JsonObject } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';

export interface RouteSecret {
  readonly bytes: Uint8Array;
  /** When another took its place; the newest has not been replaced. */
  readonly replacedAt?: number;
  /** Devices (user id and device id) that have not been given the one that took its place. */
  readonly waiting: readonly string[];
}

export interface RouteState {
  readonly version: number;
  readonly issuedAt: number;
  /** What the manifest of that version said, but for its times. */
  readonly content: string;
  /** The newest first; at least one. */
  readonly secrets: readonly RouteSecret[];
}

/** The text that is stored. */
export function formatState({ version, issuedAt, content, secrets }: RouteState): string {
  return JSON.stringify({
    version,
    issued_at: issuedAt,
    content,
    secrets: secrets.map(({ bytes, replacedAt, waiting }) => ({
      secret: encodeBase64Url(bytes),
      ...(replacedAt !== undefined && { replaced_at: replacedAt, waiting }),
    })),
  });
}

function parseSecret(json: JsonObject): RouteSecret | undefined {
  const bytes = decodeBase64Url(getString(json, 'secret') ?? '');
  const replacedAt = getInteger(json, 'replaced_at');
  if (bytes === undefined || bytes.length === 0) return undefined;
  return { bytes, waiting: getStrings(json, 'waiting') ?? [], ...(replacedAt !== undefined && { replacedAt }) };
}

/** Reads what {@link formatState} wrote. */
export function parseState(text: string): RouteState | undefined {
  const json = parseTrusted(text);
  if (!isObject(json)) return undefined;
  const list = json['secrets'];
  const secrets = Array.isArray(list) ? list.flatMap((one) => (isObject(one) ? (parseSecret(one) ?? []) : [])) : [];
  const content = getString(json, 'content');
  if (content === undefined || secrets.length === 0) return undefined;
  return {
    version: getInteger(json, 'version') ?? 0,
    issuedAt: getInteger(json, 'issued_at') ?? 0,
    content,
    secrets,
  };
}

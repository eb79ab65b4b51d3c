/** What is known of each certificate beside itself, for the process that renews it and for `postern cert`. */
import {
  asInteger,
  asObject,
  asString,
  getArray,
  getInteger,
  getObject,
  getString,
  type JsonObject,
} from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import type { PrivateTexts } from '../../ports/certificates.ts';

/** A TXT record that somebody has to add by hand. */
export interface WantedRecord {
  readonly name: string;
  readonly value: string;
}

export interface CertificateState {
  /** Attempts since the last success. */
  readonly failures: number;
  /** Why the last one failed. */
  readonly why: string | undefined;
  /** Ends of the last attempt, whatever came of it. */
  readonly endedAt: number | undefined;
  /** Not before. */
  readonly nextAt: number;
  /** Waits for somebody to add these. */
  readonly records: readonly WantedRecord[];
  /** Node → fingerprint of what it has. */
  readonly shipped: ReadonlyMap<string, string>;
}

const NEW_STATE: CertificateState = {
  failures: 0,
  why: undefined,
  endedAt: undefined,
  nextAt: 0,
  records: [],
  shipped: new Map(),
};

/** What somebody has asked for by `postern cert`. */
const ACTIONS = ['issue', 'renew', 'ready', 'ship'] as const;
export type Action = (typeof ACTIONS)[number];

/** The state of a certificate. */
export function readState(texts: PrivateTexts, id: string): CertificateState {
  const body = bodyOf(texts.read(`${id}.state.json`));
  if (body === undefined) return NEW_STATE;
  const shipped = Object.entries(getObject(body, 'shipped') ?? {}).map(
    ([node, one]) => [node, asString(one) ?? ''] as const,
  );
  const records = (getArray(body, 'records') ?? []).flatMap((one) => {
    const [name, value] = [getString(asObject(one), 'name'), getString(asObject(one), 'value')];
    return name === undefined || value === undefined ? [] : [{ name, value }];
  });
  return {
    failures: getInteger(body, 'failures') ?? 0,
    why: getString(body, 'why'),
    endedAt: asInteger(body['endedAt']),
    nextAt: getInteger(body, 'nextAt') ?? 0,
    records,
    shipped: new Map(shipped),
  };
}

/** Keeps it. */
export function writeState(texts: PrivateTexts, id: string, state: CertificateState): void {
  texts.write(`${id}.state.json`, JSON.stringify({ ...state, shipped: Object.fromEntries(state.shipped) }));
}

/** Leaves a wish for the process that renews. */
export function writeRequest(texts: PrivateTexts, id: string, action: Action): void {
  texts.write(`${id}.request`, action);
}

/** Whether a wish has not been taken up yet. */
export function hasRequest(texts: PrivateTexts, id: string): boolean {
  return texts.read(`${id}.request`) !== undefined;
}

/** Takes a wish. */
export function takeRequest(texts: PrivateTexts, id: string): Action | undefined {
  const text = texts.read(`${id}.request`);
  if (text === undefined) return undefined;
  texts.remove(`${id}.request`);
  return ACTIONS.find((one) => one === text.trim());
}

function bodyOf(text: string | undefined): JsonObject | undefined {
  try {
    return text === undefined ? undefined : asObject(parseTrusted(text));
  } catch {
    return undefined;
  }
}

/** What the answer of a `/.well-known/matrix/server` means, and how long it counts. Pure. */
import { parseServerName, type ServerName } from '../../../matrix/ids.ts';
import { asObject, getString } from '../../../matrix/json.ts';
import { JsonParseError, parseJson } from '../../../matrix/json-parse.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** "The recommended sensible default is 24 hours." */
const DEFAULT_MS = 24 * HOUR_MS;
/** "Servers should additionally impose a maximum cache time for responses: 48 hours is recommended." */
export const LIFETIME_MAX_MS = 48 * HOUR_MS;
/** Even of those who allow no caching nobody is asked for every request. */
const LIFETIME_MIN_MS = MINUTE_MS;
/** "Errors are recommended to be cached for up to an hour" */
const ERROR_MAX_MS = HOUR_MS;

export interface WellKnownAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
}

/**
 * The delegated server name, or `undefined`: "If the response is invalid (bad JSON, missing properties, non-200
 * response, etc), skip to step 4."
 */
export function readWellKnown({ status, bytes }: WellKnownAnswer): ServerName | undefined {
  if (status !== 200) return undefined;
  try {
    return parseServerName(getString(asObject(parseJson(bytes, { maxDepth: 10 })), 'm.server') ?? '');
  } catch (error) {
    if (error instanceof JsonParseError) return undefined;
    throw error;
  }
}

/** How long a good answer counts: "Servers should respect the cache control headers present on the response". */
export function lifetimeOf(headers: ReadonlyMap<string, string>, nowMs: number): number {
  return Math.min(Math.max(statedLifetime(headers, nowMs) ?? DEFAULT_MS, LIFETIME_MIN_MS), LIFETIME_MAX_MS);
}

function statedLifetime(headers: ReadonlyMap<string, string>, nowMs: number): number | undefined {
  const directives = (headers.get('cache-control') ?? '').toLowerCase().split(',');
  const names = directives.map((one) => one.trim());
  if (names.includes('no-store') || names.includes('no-cache')) return 0;
  for (const name of names) {
    const seconds = /^max-age="?([0-9]{1,10})"?$/.exec(name)?.[1];
    if (seconds === undefined) continue;
    const age = /^[0-9]{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? '0';
    return (Number(seconds) - Number(age)) * 1000;
  }
  const expires = Date.parse(headers.get('expires') ?? '');
  return Number.isNaN(expires) ? undefined : expires - nowMs;
}

/** How long the n-th failure in a row counts: "servers are encouraged to exponentially back off". */
export function errorLifetime(failures: number): number {
  return Math.min(MINUTE_MS * 2 ** Math.max(0, failures - 1), ERROR_MAX_MS);
}

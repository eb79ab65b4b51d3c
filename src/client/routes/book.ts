/**
 * The routes that a client holds: those of the newest manifest that its server signed, those of the invite by which it
 * came, and the address that it was loaded from. What may take the place of what is decided here.
 */
import { decodeBase64, encodeBase64 } from '../../lib/base64.ts';
import { checkManifest, parseManifest, type ManifestRefusal } from '../../matrix/routes/manifest.ts';
import type { VerifySignature } from '../../matrix/routes/manifest.ts';
import { asObject as asMatrixObject, emptyObject } from '../../matrix/json.ts';
import type { JsonObject as MatrixObject } from '../../matrix/json.ts';
import { parseTrusted } from '../../matrix/json-parse.ts';
import { formatRoute, parseRoute, parseZone, routeName, type Route } from '../../matrix/routes/route.ts';
import { asArray, asObject, asString, field, type JsonObject } from '../json.ts';

/** What is known of a server before its first manifest. */
export interface Introduction {
  readonly serverName: string;
  /** Trusted public keys by their ids. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly routes: readonly Route[];
}

/** An object from the network as the shared code reads it: without inherited keys. */
function plainObject(json: JsonObject): MatrixObject {
  return asMatrixObject(parseTrusted(JSON.stringify(json))) ?? emptyObject();
}

const UNKNOWN: Introduction = { serverName: '', keys: new Map(), routes: [] };

export class RouteBook {
  readonly #origin: Route | undefined;
  #introduction: Introduction = UNKNOWN;
  #manifest: JsonObject | undefined;

  constructor(origin: Route | undefined) {
    this.#origin = origin;
  }

  get serverName(): string {
    return this.#introduction.serverName;
  }

  /** The version of the manifest at hand. */
  get version(): number | undefined {
    return this.#manifest && parseManifest(plainObject(this.#manifest))?.version;
  }

  /** Every route, those of the manifest first, each once. */
  routes(): Route[] {
    const manifest = this.#manifest && parseManifest(plainObject(this.#manifest));
    const all = [...(manifest?.routes ?? this.#introduction.routes), ...(this.#origin ? [this.#origin] : [])];
    const known = new Set<string>();
    return all.filter((route) => {
      const name = routeName(route);
      if (known.has(name)) return false;
      known.add(name);
      return true;
    });
  }

  /** Takes what an invite or a first sign-in says. Another server's manifest is forgotten. */
  introduce(next: Introduction): void {
    if (next.serverName !== this.#introduction.serverName) {
      this.#introduction = next;
      this.#manifest = undefined;
      return;
    }
    const { keys, routes } = this.#introduction;
    const names = new Set(next.routes.map(routeName));
    // A key that is trusted already is not replaced by what a stranger hands over.
    this.#introduction = {
      ...next,
      keys: keys.size > 0 ? keys : next.keys,
      routes: [...next.routes, ...routes.filter((route) => !names.has(routeName(route)))],
    };
  }

  /**
   * Judges a manifest and takes it where it is right. `leadsSomewhere` says whether one of its routes works: one that
   * leaves none is refused.
   */
  async offer(
    json: JsonObject,
    options: {
      readonly nowMs: number;
      readonly verify: VerifySignature;
      leadsSomewhere(routes: readonly Route[]): Promise<boolean>;
    },
  ): Promise<'taken' | ManifestRefusal> {
    const { serverName, keys } = this.#introduction;
    const { nowMs, verify } = options;
    const expected = { serverName, keys, nowMs, knownVersion: this.version };
    const verdict = await checkManifest(plainObject(json), expected, verify);
    if (!verdict.ok) return verdict.reason;
    const { manifest } = verdict;
    if (manifest.version === this.version) return 'taken';
    if (!(await options.leadsSomewhere(manifest.routes))) return 'no-route';
    this.#manifest = json;
    // Signed by a key that is trusted: so are the others that it names.
    const named = [...manifest.keys].flatMap(([id, text]) => {
      const key = decodeBase64(text);
      return key === undefined ? [] : [[id, key] as const];
    });
    this.#introduction = { serverName, keys: new Map([...keys, ...named]), routes: manifest.routes };
    return 'taken';
  }

  /** What is kept between starts. It holds secrets: whoever keeps it seals it. */
  save(): JsonObject {
    const { serverName, keys, routes } = this.#introduction;
    return {
      serverName,
      keys: Object.fromEntries([...keys].map(([id, key]) => [id, encodeBase64(key)])),
      routes: routes.map((route) => ({ url: formatRoute(route), zone: route.zone ?? null })),
      manifest: this.#manifest ?? null,
    };
  }

  /** Reads what {@link save} gave. What was taken once is not judged again: it may have ended while we were away. */
  load(saved: unknown): void {
    const json = asObject(saved);
    const serverName = asString(field(json, 'serverName'));
    if (serverName === undefined) return;
    const keys = new Map<string, Uint8Array>();
    for (const [id, text] of Object.entries(asObject(field(json, 'keys')) ?? {})) {
      const key = decodeBase64(asString(text) ?? '');
      if (key !== undefined) keys.set(id, key);
    }
    const routes = asArray(field(json, 'routes')).flatMap((item) => {
      const one = asObject(item);
      return parseRoute(asString(field(one, 'url')) ?? '', parseZone(field(one, 'zone'))) ?? [];
    });
    this.#introduction = { serverName, keys, routes };
    this.#manifest = asObject(field(json, 'manifest'));
  }
}

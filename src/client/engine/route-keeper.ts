/** The routes of this client: what it starts with, the dialler over them, and the manifests that change them. */
import { getRoutes } from '../../matrix/api/postern/getRoutes.ts';
import { OperationError } from '../../matrix/errors.ts';
import { decodeBase64 } from '../../lib/base64.ts';
import { utf8Encode } from '../../lib/bytes.ts';
import type { ManifestRefusal, VerifySignature } from '../../matrix/routes/manifest.ts';
import { parseRoute, routeName, type Route } from '../../matrix/routes/route.ts';
import type { Api } from '../api/call.ts';
import { asObject, asString, field, type JsonObject } from '../json.ts';
import { RouteBook } from '../routes/book.ts';
import { Dialler } from '../routes/dialler.ts';
import { RouteFailure } from '../routes/failures.ts';
import { Scores } from '../routes/scores.ts';
import type { InvitePreview, RouteState } from './contract.ts';
import { Feed } from './feed.ts';
import type { Host } from './host.ts';

/** A manifest that is at hand is asked for anew each day, and at every start. */
const REFRESH_EVERY_MS = 86_400_000;

export class RouteKeeper {
  readonly line: Dialler;
  readonly feed: Feed<readonly RouteState[]>;
  readonly #host: Host;
  readonly #book: RouteBook;
  readonly #scores: Scores;

  private constructor(host: Host, book: RouteBook, winner: string | undefined) {
    this.#host = host;
    this.#book = book;
    this.#scores = new Scores(() => host.environment.nowMs(), winner);
    this.feed = new Feed<readonly RouteState[]>(() => Promise.resolve(this.#list()));
    this.line = new Dialler(
      {
        environment: host.environment,
        name: host.homeserver,
        scores: this.#scores,
        fetchVia: (route, path, init) => fetchVia(host, route, path, init),
        onChanged: () => this.feed.changed(),
      },
      book.routes(),
    );
  }

  /** Reads what was kept. Where nothing was there is the address that the client was loaded from. */
  static async open(host: Host): Promise<RouteKeeper> {
    const saved = asObject(await host.loadRoutes().catch(() => undefined));
    const book = new RouteBook(originOf(host.homeserver));
    book.load(field(saved, 'book'));
    const keeper = new RouteKeeper(host, book, asString(field(saved, 'winner')));
    void keeper.line.run().catch(() => undefined);
    return keeper;
  }

  /** Takes the routes and the key of an invite, and says what it is for. */
  async openInvite(text: string): Promise<InvitePreview> {
    const { readInvite } = await import('../../matrix/routes/invite.ts');
    const invite = readInvite(text);
    if (invite === undefined) throw new OperationError('no-invite', { temporary: false });
    const { serverName, keyId, publicKey, routes, token, expiresAtMs, inviter, roomId } = invite;
    this.#book.introduce({ serverName, keys: new Map([[keyId, publicKey]]), routes });
    await this.#changed();
    return {
      serverName,
      token,
      isExpired: expiresAtMs !== undefined && expiresAtMs <= this.#host.environment.nowMs(),
      ...(inviter !== undefined && { inviter }),
      ...(roomId !== undefined && { roomId }),
    };
  }

  /** Asks for the manifest now and each day, over whichever route works, until the signal aborts. */
  async follow(api: Api, userId: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#refresh(api, userId).catch(() => undefined);
      await this.#host.environment.sleep(REFRESH_EVERY_MS, signal);
    }
  }

  async #refresh(api: Api, userId: string): Promise<void> {
    const manifest = asObject(await api.call(getRoutes));
    if (manifest === undefined) return;
    const serverName = userId.slice(userId.indexOf(':') + 1);
    if (this.#book.serverName !== serverName) this.#trustFirst(manifest, serverName);
    await this.offer(manifest);
  }

  /** Who came without an invite trusts the key that they are shown first, over the line that they signed in over. */
  #trustFirst(manifest: JsonObject, serverName: string): void {
    if (asString(field(manifest, 'server_name')) !== serverName) return;
    const keys = new Map<string, Uint8Array>();
    for (const [id, text] of Object.entries(asObject(field(manifest, 'verify_keys')) ?? {})) {
      const key = decodeBase64(asString(text) ?? '');
      if (key !== undefined) keys.set(id, key);
    }
    this.#book.introduce({ serverName, keys, routes: [] });
  }

  /** Judges a manifest that came from the server, by the user's account data, or from another device. */
  async offer(manifest: JsonObject): Promise<'taken' | ManifestRefusal> {
    const { environment } = this.#host;
    const before = this.#book.version;
    const verdict = await this.#book.offer(manifest, {
      nowMs: environment.nowMs(),
      verify: verifierOf(this.#host),
      leadsSomewhere: (routes) => this.#leadsSomewhere(routes),
    });
    if (this.#book.version !== before) await this.#changed();
    return verdict;
  }

  async #leadsSomewhere(routes: readonly Route[]): Promise<boolean> {
    // A route that answered last and is among the new ones needs no other proof.
    if (routes.some((route) => routeName(route) === this.#scores.winner)) return true;
    const answers = await Promise.all(routes.map((route) => this.line.probe(route)));
    return answers.includes(true);
  }

  async #changed(): Promise<void> {
    const routes = this.#book.routes();
    this.line.setRoutes(routes);
    const { winner } = this.#scores;
    await this.#host.saveRoutes({ book: this.#book.save(), ...(winner !== undefined && { winner }) }, routes);
  }

  #list(): RouteState[] {
    const { winner } = this.#scores;
    return this.line.routes.map((route) => {
      const { failures, lastFailure, answeredAtMs } = this.#scores.of(route);
      const rttMs = this.#scores.medianMs(route);
      return {
        name: routeName(route),
        kind: route.kind,
        isCurrent: routeName(route) === winner,
        state: failures > 0 ? 'failing' : answeredAtMs === undefined ? 'untried' : 'good',
        ...(route.zone !== undefined && { zone: route.zone }),
        ...(rttMs !== undefined && { rttMs }),
        ...(failures > 0 && lastFailure !== undefined && { failure: lastFailure.kind }),
      };
    });
  }
}

/** The address of the page as a route; one that no manifest could name is still the way by which we came. */
function originOf(homeserver: string): Route | undefined {
  if (!/^https?:/.test(homeserver)) return undefined;
  return parseRoute(homeserver) ?? { kind: 'web', baseUrl: homeserver.replace(/\/+$/, '') };
}

function fetchVia(host: Host, route: Route, path: string, init: RequestInit): Promise<Response> {
  if (route.kind === 'web') return host.environment.fetch(route.baseUrl + path, init);
  if (host.fetchDirect !== undefined) return host.fetchDirect(route, path, init);
  return Promise.reject(new RouteFailure('unreachable'));
}

/** Ed25519 by the browser; by a library where it has none. */
function verifierOf(host: Host): VerifySignature {
  const { subtle } = host.environment;
  return async ({ publicKey, message, signature }) => {
    const bytes = utf8Encode(message);
    try {
      const key = await subtle.importKey('raw', Uint8Array.from(publicKey), 'Ed25519', false, ['verify']);
      return await subtle.verify('Ed25519', key, Uint8Array.from(signature), bytes);
    } catch {
      const { verifyEd25519 } = await import('../routes/ed25519.ts');
      return verifyEd25519(publicKey, bytes, signature);
    }
  };
}

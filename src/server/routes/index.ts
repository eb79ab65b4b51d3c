/**
 * The ways by which clients reach this server: the signed manifest of them, its version, and the secrets that open a
 * WebRTC port, with their rotation. The face of the folder.
 */
import { encodeBase64 } from '../../lib/base64.ts';
import { SerialQueue } from '../../lib/queue.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { encodeInvite, type Invite, inviteLink, inviteText } from '../../matrix/routes/invite.ts';
import { type Manifest, MANIFEST_TYPE, manifestJson } from '../../matrix/routes/manifest.ts';
import { routeName, type Route, type RouteZone } from '../../matrix/routes/route.ts';
import { getInteger, type JsonObject, omitKeys } from '../../matrix/json.ts';
import type { SigningKey } from '../../ports/crypto.ts';
import { signJson } from '../../rules/signatures/sign.ts';
import type { AccountData } from '../account-data/index.ts';
import type { Caller } from '../accounts/index.ts';
import type { Context } from '../context.ts';
import { formatState, parseState, type RouteSecret, type RouteState } from './state.ts';

/** A route as it is configured. What a WebRTC port is pinned to and opened with is put in here. */
export type ConfiguredRoute =
  | { readonly kind: 'web'; readonly baseUrl: string; readonly zone?: RouteZone }
  | { readonly kind: 'webrtc'; readonly address: string; readonly port: number; readonly zone?: RouteZone };

export interface RoutesOptions {
  readonly signingKey: SigningKey;
  readonly routes: readonly ConfiguredRoute[];
  /** SHA-256 of the certificate of the WebRTC port; without one no such route is told. */
  readonly fingerprint: Uint8Array | undefined;
}

export interface RouteFacts {
  readonly version: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly routes: readonly { readonly name: string; readonly zone: RouteZone | null }[];
  /** Secrets of before the last rotation that still open the WebRTC port, and how many devices each waits for. */
  readonly oldSecrets: readonly { readonly replacedAt: number; readonly waitingDevices: number }[];
}

const STATE_KEY = 'routes';
const DAY_MS = 86_400_000;
const LIFETIME_MS = 30 * DAY_MS;
/** A manifest is made anew long before it ends: a device may be away for weeks. */
const RENEWED_AFTER_MS = 7 * DAY_MS;
const SECRET_BYTES = 16;
const INVITE_ROUTES_MAX = 4;
const PAGE = 500;
/** Where more devices than this are to be told of a rotation, the old secret simply lives to its end. */
const WAITING_MAX = 20_000;
/** Secrets that are valid at a time: each costs a HMAC for every packet from a stranger. */
const SECRETS_MAX = 4;

export class ServerRoutes {
  readonly #context: Context;
  readonly #options: RoutesOptions;
  readonly #accountData: AccountData;
  readonly #queue = new SerialQueue();
  readonly #listeners = new Set<() => void>();
  readonly #publicKey: Uint8Array;
  #state: RouteState | undefined;

  constructor(context: Context, accountData: AccountData, options: RoutesOptions) {
    this.#context = context;
    this.#accountData = accountData;
    this.#options = options;
    this.#publicKey = context.crypto.ed25519PublicKey(options.signingKey.seed);
  }

  /** The manifest for a device, which is thereby told; the user's other devices find it in their account data. */
  async manifestFor({ user, device }: Pick<Caller, 'user' | 'device'>): Promise<JsonObject> {
    const state = await this.#current();
    const json = this.#signed(state);
    const shared = await this.#accountData.find(user, undefined, MANIFEST_TYPE);
    if ((getInteger(shared, 'version') ?? -1) < state.version) {
      await this.#accountData.write(user, undefined, MANIFEST_TYPE, json);
    }
    await this.#noteTold(`${user} ${device}`);
    return json;
  }

  /** Secrets that open the WebRTC port now, the newest first. */
  async secrets(): Promise<readonly Uint8Array[]> {
    return (await this.#current()).secrets.map(({ bytes }) => bytes);
  }

  /** Makes another secret. The one before stays valid until every device that is known has the new manifest. */
  async rotate(): Promise<RouteFacts> {
    await this.#current();
    const waiting = await this.#listDevices();
    const now = this.#context.clock.now();
    await this.#change((state) => {
      const [newest, ...older] = state.secrets;
      const replaced = newest && { ...newest, replacedAt: now, waiting };
      const secrets = [this.#newSecret(), ...(replaced ? [replaced] : []), ...older].slice(0, SECRETS_MAX);
      return this.#issued({ ...state, secrets });
    });
    return await this.facts();
  }

  /** What is told to clients now. */
  async facts(): Promise<RouteFacts> {
    const state = await this.#current();
    return {
      version: state.version,
      issuedAt: state.issuedAt,
      expiresAt: state.issuedAt + LIFETIME_MS,
      routes: this.#routes(state).map((route) => ({ name: routeName(route), zone: route.zone ?? null })),
      oldSecrets: state.secrets.flatMap(({ replacedAt, waiting }) =>
        replacedAt === undefined ? [] : [{ replacedAt, waitingDevices: waiting.length }],
      ),
    };
  }

  /** The text and the link of an invite by these routes; `undefined` where none can be written. */
  async invite(
    wanted: Pick<Invite, 'token' | 'expiresAtMs' | 'inviter' | 'roomId'>,
  ): Promise<{ text: string; link: string | undefined } | undefined> {
    const routes = this.#routes(await this.#current()).slice(0, INVITE_ROUTES_MAX);
    const { keyId } = this.#options.signingKey;
    const { serverName } = this.#context;
    const bytes = encodeInvite({ serverName, keyId, publicKey: this.#publicKey, routes, ...wanted });
    return bytes && { text: inviteText(bytes), link: inviteLink(bytes, routes) };
  }

  /** Calls `listener` after each change of the manifest or of the secrets. */
  onChanged(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** The state, made at the first start, and made anew where the configuration or the time has changed. */
  async #current(): Promise<RouteState> {
    const known = this.#state;
    if (known !== undefined && !this.#isDue(known)) return known;
    return await this.#change((state) => (this.#isDue(state) ? this.#issued(this.#withoutOld(state)) : state));
  }

  #isDue(state: RouteState): boolean {
    const age = this.#context.clock.now() - state.issuedAt;
    return state.version === 0 || age < 0 || age > RENEWED_AFTER_MS || state.content !== this.#content(state);
  }

  #issued(state: RouteState): RouteState {
    return {
      ...state,
      version: state.version + 1,
      issuedAt: this.#context.clock.now(),
      content: this.#content(state),
    };
  }

  /** Changes the state, durably, before anybody is told. */
  #change(how: (state: RouteState) => RouteState): Promise<RouteState> {
    return this.#queue.run(async () => {
      const { store } = this.#context;
      const before = this.#state ?? (await this.#load());
      const next = how(before);
      if (next !== before) {
        await store.transact((one) => one.accounts.setServerValue(STATE_KEY, formatState(next)));
      }
      this.#state = next;
      if (next !== before) for (const listener of this.#listeners) listener();
      return next;
    });
  }

  async #load(): Promise<RouteState> {
    const text = await this.#context.store.accounts.findServerValue(STATE_KEY);
    const known = text === undefined ? undefined : parseState(text);
    return known ?? { version: 0, issuedAt: 0, content: '', secrets: [this.#newSecret()] };
  }

  #newSecret(): RouteSecret {
    return { bytes: this.#context.random.bytes(SECRET_BYTES), waiting: [] };
  }

  #withoutOld(state: RouteState): RouteState {
    const since = this.#context.clock.now() - LIFETIME_MS;
    return { ...state, secrets: state.secrets.filter(({ replacedAt }) => (replacedAt ?? since) >= since) };
  }

  /** A device has been given the manifest: a secret that waits for nobody else any more is given up. */
  async #noteTold(name: string): Promise<void> {
    if (this.#state?.secrets.some(({ waiting }) => waiting.includes(name)) !== true) return;
    await this.#change((state) => ({
      ...state,
      secrets: state.secrets.flatMap((secret) => {
        if (!secret.waiting.includes(name)) return [secret];
        const waiting = secret.waiting.filter((one) => one !== name);
        return waiting.length === 0 ? [] : [{ ...secret, waiting }];
      }),
    }));
  }

  async #listDevices(): Promise<string[]> {
    const { accounts } = this.#context.store;
    const names: string[] = [];
    let after: { after?: Caller['user'] } = {};
    for (;;) {
      const page = await accounts.pageAccounts({ limit: PAGE, ...after });
      for (const { user, deactivated } of page) {
        if (deactivated) continue;
        for (const { device } of await accounts.listDevices(user)) names.push(`${user} ${device}`);
        if (names.length > WAITING_MAX) return ['more than can be counted'];
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return names;
      after = { after: last.user };
    }
  }

  #routes({ secrets }: RouteState): Route[] {
    const { routes, fingerprint } = this.#options;
    const secret = secrets[0]?.bytes;
    return routes.flatMap((route): Route[] => {
      if (route.kind === 'web') return [route];
      return fingerprint === undefined || secret === undefined ? [] : [{ ...route, fingerprint, secret }];
    });
  }

  #manifest(state: RouteState): Manifest {
    const { signingKey } = this.#options;
    return {
      serverName: this.#context.serverName,
      version: state.version,
      issuedAtMs: state.issuedAt,
      expiresAtMs: state.issuedAt + LIFETIME_MS,
      routes: this.#routes(state),
      keys: new Map([[signingKey.keyId, encodeBase64(this.#publicKey)]]),
    };
  }

  #content(state: RouteState): string {
    return canonicalJson(omitKeys(manifestJson(this.#manifest(state)), 'version', 'issued_ts', 'expires_ts'));
  }

  #signed(state: RouteState): JsonObject {
    const { crypto, serverName } = this.#context;
    const { keyId, seed } = this.#options.signingKey;
    const sign = (text: string) => crypto.ed25519Sign(seed, text);
    return signJson(manifestJson(this.#manifest(state)), { entity: serverName, keyId, sign });
  }
}

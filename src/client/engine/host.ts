import type { CryptoFace } from '../crypto/face.ts';
import type { CryptoOptions } from '../crypto/open.ts';
import type { ClientEnvironment } from '../environment.ts';
import type { Route, WebRtcRoute } from '../../matrix/routes/route.ts';
import type { Store } from '../store/store.ts';

/** What is kept of a sign-in between starts; the host seals it. */
export interface StoredSession {
  readonly homeserver: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Names the databases of this sign-in. */
  readonly storeName: string;
}

/** What the engine takes from where it runs: a browser's worker, or Node. */
export interface Host {
  readonly environment: ClientEnvironment;
  /** The address that the client was loaded from, or its homeserver's; of a file it is none of either. */
  readonly homeserver: string;
  loadSession(): Promise<StoredSession | undefined>;
  saveSession(session: StoredSession): Promise<void>;
  /** Forgets the sign-in and deletes its databases. */
  clearSession(session: StoredSession): Promise<void>;
  /** What is known of the routes, which holds secrets: the host seals it. */
  loadRoutes(): Promise<unknown>;
  /** Keeps it; `routes` are those that the client may connect to from now on. */
  saveRoutes(saved: object, routes: readonly Route[]): Promise<void>;
  /** Sends a request over WebRTC, where the host can. */
  fetchDirect?(route: WebRtcRoute, path: string, init: RequestInit): Promise<Response>;
  openStore(storeName: string): Promise<Store>;
  /** The key that seals this sign-in's data at rest. */
  sealingKey(storeName: string): Promise<CryptoKey>;
  /** Loads and opens the crypto machine; the slow and heavy part, behind everything else. */
  openCrypto(options: Omit<CryptoOptions, 'store' | 'wasmUrl'>, storeName: string): Promise<CryptoFace>;
}

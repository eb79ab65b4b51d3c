import { refresh } from '../../matrix/api/client-server/refresh.ts';
import { Api, type TokenSource } from '../api/call.ts';
import type { Line } from '../routes/line.ts';
import type { Host, StoredSession } from './host.ts';

/** Holds the tokens of a sign-in: renews the access token once at a time, and keeps the new ones. */
export class SessionTokens implements TokenSource {
  readonly #host: Host;
  readonly #line: Line;
  readonly #onRefused: () => void;
  #session: StoredSession;
  #renewal: Promise<boolean> | undefined;

  constructor(where: { host: Host; line: Line }, session: StoredSession, onRefused: () => void) {
    this.#host = where.host;
    this.#line = where.line;
    this.#session = session;
    this.#onRefused = onRefused;
  }

  accessToken(): string {
    return this.#session.accessToken;
  }

  onTokenRefused(): void {
    this.#onRefused();
  }

  refresh(): Promise<boolean> {
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renew(): Promise<boolean> {
    const token = this.#session.refreshToken;
    if (token === undefined) return false;
    const anonymous = new Api(this.#host.environment, this.#line, NO_TOKENS);
    const answer = await anonymous.call(refresh, { body: { refresh_token: token } }).catch(() => undefined);
    if (answer === undefined) return false;
    const refreshToken = answer.refresh_token ?? token;
    this.#session = { ...this.#session, accessToken: answer.access_token, refreshToken };
    await this.#host.saveSession(this.#session);
    return true;
  }
}

/** For requests before there is an account. */
export const NO_TOKENS: TokenSource = {
  accessToken: () => undefined,
  refresh: () => Promise.resolve(false),
  onTokenRefused: () => undefined,
};

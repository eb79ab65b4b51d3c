/**
 * An authority that speaks ACME (RFC 8555), with challenges by TLS (RFC 8737), certificates for addresses (RFC 8738),
 * profiles (draft-ietf-acme-profiles) and its own word on when to renew (RFC 9773).
 */
import { getObject, getString } from '../../matrix/json.ts';
import type { Authority, CertificateRequest, Issued, RenewalWindow } from '../../ports/certificates.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Http } from '../../ports/http.ts';
import { type Account, type AccountOptions, type ExternalAccount, forgetAccount, openAccount } from './account.ts';
import { Ordering } from './order.ts';
import { Refusal } from './refusal.ts';
import { objectOf } from './shapes.ts';
import { Transport } from './transport.ts';
import { renewalName } from './x509.ts';
import type { PrivateTexts } from '../../ports/certificates.ts';

export { makePinned, makePlaceholder } from './x509.ts';

export interface AuthorityOptions {
  readonly http: Http;
  readonly clock: Clock;
  /** Where the account and pending orders are kept. */
  readonly texts: PrivateTexts;
  readonly directory: string;
  readonly contact: readonly string[];
  readonly termsAgreed: boolean;
  readonly externalAccount: ExternalAccount | undefined;
}

/** RFC 9773 §4.3.2: Retry-After is followed, within reason. */
const ASK_AGAIN = { min: 60_000, usual: 21_600_000, max: 86_400_000 } as const;

/** The authority of a directory. Nothing is asked of it before somebody wants a certificate. */
export function createAuthority(options: AuthorityOptions): Authority {
  return new AcmeAuthority(options);
}

class AcmeAuthority implements Authority {
  readonly #options: AuthorityOptions;
  readonly #transport: Transport;
  readonly #accountOptions: AccountOptions;
  /** Opened once: several orders at the same time have one account. */
  #account: Promise<Account> | undefined;

  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.#transport = new Transport(options);
    this.#accountOptions = { ...options, transport: this.#transport };
  }

  async issue(request: CertificateRequest): Promise<Issued> {
    try {
      return await this.#issue(request);
    } catch (error) {
      if (error instanceof Refusal) return { refused: error.message, retryAfterMs: error.retryAfterMs };
      throw error;
    }
  }

  async renewalWindow(certificate: string, signal: AbortSignal): Promise<RenewalWindow | undefined> {
    const { renewalInfo } = await this.#transport.directory(signal);
    const name = renewalInfo === undefined ? undefined : renewalName(certificate);
    if (renewalInfo === undefined || name === undefined) return undefined;
    try {
      const answer = await this.#transport.get(`${renewalInfo.replace(/\/$/, '')}/${name}`, signal);
      const window = getObject(objectOf(answer), 'suggestedWindow');
      const [startAt, endAt] = [timeOf(getString(window, 'start')), timeOf(getString(window, 'end'))];
      // §4.2: a window that ends before it begins counts for nothing.
      if (startAt === undefined || endAt === undefined || endAt <= startAt) return undefined;
      const asked = this.#transport.retryAfterMs(answer) ?? ASK_AGAIN.usual;
      return { startAt, endAt, askAgainMs: Math.min(Math.max(asked, ASK_AGAIN.min), ASK_AGAIN.max) };
    } catch (error) {
      // It does not know the certificate, or will not say: its lifetime tells enough.
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  async #issue(request: CertificateRequest): Promise<Issued> {
    const account = await this.#open(request.signal);
    try {
      return await this.#order(account, request);
    } catch (error) {
      if (!(error instanceof Refusal) || error.type !== 'accountDoesNotExist') throw error;
      // The authority has begun anew: so do we, by the same key.
      forgetAccount(this.#accountOptions);
      this.#account = undefined;
      return await this.#order(await this.#open(request.signal), request);
    }
  }

  async #open(signal: AbortSignal): Promise<Account> {
    const opening = (this.#account ??= openAccount(this.#accountOptions, signal));
    try {
      return await opening;
    } catch (error) {
      if (this.#account === opening) this.#account = undefined;
      throw error;
    }
  }

  async #order(account: Account, request: CertificateRequest): Promise<Issued> {
    const { clock, texts } = this.#options;
    const ordering = new Ordering({ transport: this.#transport, clock, texts, account, request });
    return { certificate: await ordering.run() };
  }
}

function timeOf(text: string | undefined): number | undefined {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

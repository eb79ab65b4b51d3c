/** Who may begin a connection at the WebRTC port. Nothing is kept of a packet that is not let in. */
import { createHmac } from 'node:crypto';
import { equalBytes, utf8Encode } from '../../lib/bytes.ts';
import { splitUfrag } from '../../matrix/routes/direct.ts';

/** Connections in all, those of them that are not open yet, and those of one address. */
const CONNECTIONS_MAX = 500;
const HALF_OPEN_MAX = 64;
const PER_ADDRESS_MAX = 16;
/** Packets that are looked at: each costs a HMAC for every secret that is valid. */
const LOOKS_PER_SECOND = 2_000;
const LOOKS_PER_ADDRESS_PER_SECOND = 50;
const ADDRESSES_MAX = 10_000;

interface Guest {
  readonly address: string;
  isOpen: boolean;
}

export class Admission {
  readonly #nowMs: () => number;
  readonly #guests = new Map<string, Guest>();
  #secrets: readonly Uint8Array[] = [];
  #second = 0;
  #looks = 0;
  #looksBy = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  setSecrets(secrets: readonly Uint8Array[]): void {
    this.#secrets = secrets;
  }

  /** The password of a fragment that a secret has made, where there is room; `undefined` means silence. */
  admit(ufrag: string, address: string): string | undefined {
    const parts = splitUfrag(ufrag);
    // "Validate … before use": the library below ends the process at a fragment of another form.
    if (parts === undefined || this.#guests.has(ufrag) || !this.#mayLook(address)) return undefined;
    const secret = this.#secrets.find((one) => {
      const tag = hmac(one, `u${parts.nonce}`).slice(0, parts.tag.length);
      return equalBytes(utf8Encode(tag), utf8Encode(parts.tag));
    });
    if (secret === undefined || !this.#hasRoom(address)) return undefined;
    this.#guests.set(ufrag, { address, isOpen: false });
    return hmac(secret, ufrag).slice(0, 32);
  }

  opened(ufrag: string): void {
    const guest = this.#guests.get(ufrag);
    if (guest !== undefined) guest.isOpen = true;
  }

  closed(ufrag: string): void {
    this.#guests.delete(ufrag);
  }

  #hasRoom(address: string): boolean {
    const guests = [...this.#guests.values()];
    if (guests.length >= CONNECTIONS_MAX) return false;
    if (guests.filter(({ isOpen }) => !isOpen).length >= HALF_OPEN_MAX) return false;
    return guests.filter((guest) => guest.address === address).length < PER_ADDRESS_MAX;
  }

  #mayLook(address: string): boolean {
    const second = Math.floor(this.#nowMs() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#looks = 0;
      this.#looksBy = new Map();
    }
    this.#looks += 1;
    const looks = (this.#looksBy.get(address) ?? 0) + 1;
    if (this.#looksBy.size < ADDRESSES_MAX) this.#looksBy.set(address, looks);
    return this.#looks <= LOOKS_PER_SECOND && looks <= LOOKS_PER_ADDRESS_PER_SECOND;
  }
}

function hmac(secret: Uint8Array, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

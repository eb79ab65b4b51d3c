import { Buffer } from 'node:buffer';
import { assert, present } from '../lib/assert.ts';
import { OperationError } from '../matrix/errors.ts';
import { withEventSignature } from '../matrix/event-signature.ts';
import type { Crypto, SigningKey } from '../ports/crypto.ts';
import type { EventToSign } from './database.ts';

/**
 * Signs events of ours behind the append.
 *
 * `json` is the canonical JSON of the event without `signatures` and without `unsigned`. `insertAt` is the offset of
 * the comma in front of the member that follows `signatures` in canonical order: `"state_key"` or `"type"`, one of
 * which every event has. `,"signatures":{…}` is put in front of that comma, so that the finished text is canonical
 * again. `content` stands in front of it, so its offsets stay.
 *
 * The bytes that are signed are `json` with [contentStart, contentEnd) replaced by the redacted content, or
 * `signedText` where redaction also changes other members.
 */
export class EventSigner {
  readonly #crypto: Crypto;
  readonly #seeds: ReadonlyMap<string, Uint8Array>;

  constructor(crypto: Crypto, keys: readonly SigningKey[]) {
    this.#crypto = crypto;
    this.#seeds = new Map(keys.map((key) => [key.keyId, key.seed]));
  }

  /** The event with its signature. */
  sign(event: EventToSign): string {
    const { json, contentStart, contentEnd, insertAt, redactedContent } = event;
    assert(insertAt >= contentEnd && json.charAt(insertAt) === ',', 'signatures go in front of a later member');
    const seed = present(this.#seeds.get(event.keyId), 'the writer holds the key that an event is to be signed with');
    const message = event.signedText ?? json.slice(0, contentStart) + redactedContent + json.slice(contentEnd);
    const signature = Buffer.from(this.#crypto.ed25519Sign(seed, message)).toString('base64').slice(0, 86);
    return withEventSignature(json, { insertAt, serverName: event.serverName, keyId: event.keyId, signature });
  }
}

/**
 * Loads the implementation of the Crypto port from a module that exports `createCrypto`. Only the composition root
 * knows which module that is; a writer thread has to load it anew, because functions cannot be sent to it.
 */
export async function loadSigner(cryptoModule: string, keys: readonly SigningKey[]): Promise<EventSigner> {
  const loaded: { createCrypto?: () => Crypto | Promise<Crypto> } = await import(cryptoModule);
  if (typeof loaded.createCrypto !== 'function') {
    throw new OperationError('crypto-module-wrong', { temporary: false });
  }
  return new EventSigner(await loaded.createCrypto(), keys);
}

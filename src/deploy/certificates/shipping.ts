/**
 * How a certificate goes from the node that has it issued to one that uses it: one stream of a link for each, the
 * message to its end, the answer when it is durable there.
 */
import type { Duplex } from 'node:stream';
import { asObject, getString } from '../../matrix/json.ts';
import { parseJson } from '../../matrix/json-parse.ts';
import type { Certificate } from '../../ports/certificates.ts';
import type { Clock } from '../../ports/clock.ts';
import { readAll } from '../streams.ts';

/** The purpose of such streams. */
export const PURPOSE = 'certificates';

export interface Shipment extends Certificate {
  readonly id: string;
}

/** `stored`: it is durable there. `older`: what is there is newer. `refused`: this node may not, or it is of no use. */
export type Receipt = 'stored' | 'same' | 'older' | 'refused';

const RECEIPTS: ReadonlySet<string> = new Set(['stored', 'same', 'older', 'refused'] satisfies Receipt[]);
const MESSAGE_BYTES_MAX = 524_288;
const ANSWER_BYTES_MAX = 1_024;
const STREAM_MS = 30_000;
const ID = /^[0-9A-Za-z_-]{1,64}$/;

/** Sends a certificate. Rejects where the stream ends without an answer that can be read. */
export async function sendCertificate(
  stream: Duplex,
  { id, certificate, key }: Shipment,
  clock: Clock,
): Promise<Receipt> {
  stream.on('error', () => undefined);
  const guard = limited(stream, clock);
  try {
    stream.end(JSON.stringify({ id, certificate, key }));
    const answer = asObject(parseJson(await readAll(stream, ANSWER_BYTES_MAX), { maxDepth: 4 }));
    const receipt = getString(answer, 'receipt') ?? '';
    if (!isReceipt(receipt)) throw new Error('the other node answers something else');
    return receipt;
  } finally {
    guard.end();
    stream.destroy();
  }
}

/** Takes a certificate that a peer has sent; `take` judges and keeps it before the peer hears of it. Never rejects. */
export async function receiveCertificate(
  stream: Duplex,
  take: (shipment: Shipment) => Receipt,
  clock: Clock,
): Promise<Receipt | undefined> {
  // It may fail when nobody reads it any more.
  stream.on('error', () => undefined);
  const guard = limited(stream, clock);
  try {
    const shipment = readShipment(await readAll(stream, MESSAGE_BYTES_MAX));
    const receipt = shipment === undefined ? 'refused' : take(shipment);
    stream.end(JSON.stringify({ receipt }));
    return receipt;
  } catch {
    stream.destroy();
    return undefined;
  } finally {
    guard.end();
  }
}

function isReceipt(text: string): text is Receipt {
  return RECEIPTS.has(text);
}

function readShipment(bytes: Uint8Array): Shipment | undefined {
  try {
    const body = asObject(parseJson(bytes, { maxDepth: 4 }));
    const [id, certificate, key] = ['id', 'certificate', 'key'].map((name) => getString(body, name));
    if (id === undefined || certificate === undefined || key === undefined || !ID.test(id)) return undefined;
    return { id, certificate, key };
  } catch {
    return undefined;
  }
}

/** A peer that neither speaks nor ends is cut off. */
function limited(stream: Duplex, clock: Clock): { end(): void } {
  const timer = clock.schedule(STREAM_MS, () => void stream.destroy(new Error('it took too long')));
  return { end: () => timer.cancel() };
}

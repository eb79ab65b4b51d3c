/** The thread that signs and verifies: it answers in the order in which it is asked. */
import { parentPort } from 'node:worker_threads';
import { present } from '../../lib/assert.ts';
import { type AsideAnswer, type AsideQuestion, KEY_BYTES, SIGNATURE_BYTES } from './aside.ts';
import { type Ed25519, loadSodium } from './sodium-crypto.ts';

function answerTo({ texts, keys, signatures }: AsideQuestion, { ed25519Sign, ed25519Verify }: Ed25519): AsideAnswer {
  const keyAt = (index: number): Uint8Array => keys.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES);
  if (signatures === undefined) {
    const answer = new Uint8Array(texts.length * SIGNATURE_BYTES);
    texts.forEach((text, index) => answer.set(ed25519Sign(keyAt(index), text), index * SIGNATURE_BYTES));
    return answer;
  }
  return Uint8Array.from(texts, (text, index) => {
    const signature = signatures.subarray(index * SIGNATURE_BYTES, (index + 1) * SIGNATURE_BYTES);
    return ed25519Verify(keyAt(index), text, signature) ? 1 : 0;
  });
}

const port = present(parentPort, 'signatures are made in a worker thread');
const sodium = present(await loadSodium(), 'it has loaded in the main thread');
port.on('message', (question: AsideQuestion) => port.postMessage(answerTo(question, sodium)));

/** The engine of `client.html`, where it stands beside the page in the same file: in place of `engine-port.ts`. */
import type { Engine } from '../lib/engine.ts';
import { connect } from './engine-connection.ts';
import { policy } from './trusted.ts';

/** The text of an element that holds no page: the engine's script, or the crypto, packed, in base64. */
function partOf(id: string): string {
  return document.getElementById(id)?.textContent ?? '';
}

export function openEngine(): Engine {
  const script = new Blob([partOf('engine')], { type: 'text/javascript' });
  const worker = new Worker(policy.createScriptURL(URL.createObjectURL(script)), { name: 'postern-engine' });
  const packed = Uint8Array.from(atob(partOf('crypto').trim()), (letter) => letter.charCodeAt(0));
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(new Blob([packed]), [port2]);
  return connect(port1);
}

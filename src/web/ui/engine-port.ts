/** Finds the engine: a SharedWorker for all tabs where the browser has one, else a worker of this tab. */
// The bundler makes this module's default export: the address of the built worker.
// oxlint-disable-next-line import/default
import engineUrl from '../lib/workers/engine.ts?worker&url';
import { connectPort, type Engine } from '../lib/engine.ts';
import { connect } from './engine-connection.ts';
import { policy } from './trusted.ts';

export function openEngine(): Engine {
  // Without a secure address there are no locks and no cryptography: the page says so, and nothing is started.
  if (!isSecureContext) return connectPort({ onmessage: null, postMessage: () => undefined });
  const url = policy.createScriptURL(engineUrl);
  const options = { type: 'module', name: 'postern-engine' } as const;
  if (typeof SharedWorker === 'function') return connect(new SharedWorker(url, options).port);
  const worker = new Worker(url, options);
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ kind: 'connect' }, [port2]);
  return connect(port1);
}

/** Finds the engine: a SharedWorker for all tabs where the browser has one, else a worker of this tab. */
// The bundler makes this module's default export: the address of the built worker.
// oxlint-disable-next-line import/default
import engineUrl from '../lib/workers/engine.ts?worker&url';
import { connectPort, type Engine, type Port } from '../lib/engine.ts';
import { helpWithChannels } from './direct.ts';
import { policy } from './trusted.ts';

/** Holds a lock as long as this page lives, so that the engine knows when it is gone; then speaks to the engine. */
function connect(port: MessagePort): Engine {
  const lock = `postern-page-${crypto.randomUUID()}`;
  const held = new Promise<void>((resolve) => {
    void navigator.locks.request(lock, () => {
      resolve();
      return new Promise(() => undefined);
    });
  });
  const waiting: unknown[] = [];
  const early: Port = {
    onmessage: null,
    postMessage: (message) => void waiting.push(message),
  };
  const engine = connectPort(early);
  void held.then(() => {
    port.onmessage = (event) => early.onmessage?.(event);
    early.postMessage = (message) => port.postMessage(message);
    const { port1, port2 } = new MessageChannel();
    helpWithChannels(port1);
    port.postMessage(lock, [port2]);
    for (const message of waiting.splice(0)) port.postMessage(message);
  });
  return engine;
}

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

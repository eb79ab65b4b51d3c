/** A page's end of its connection with the engine. */
import { connectPort, type Engine, type Port } from '../lib/engine.ts';
import { helpWithChannels } from './direct.ts';

/** Holds a lock as long as this page lives, so that the engine knows when it is gone; then speaks to the engine. */
export function connect(port: MessagePort): Engine {
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

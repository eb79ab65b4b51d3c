/**
 * Entry point of the engine's worker. Two machines on one store would break each other, so the engine
 * starts only when it holds the lock; pages that connect before wait with it.
 */
import { startEngine } from '../../../client/engine/engine.ts';
import { servePort, type Port } from '../../../client/engine/port.ts';
import { PageHelp } from './page-help.ts';
import { browserHost } from './browser-host.ts';

type Engine = ReturnType<typeof startEngine>;

const pages = new PageHelp();
const waiting: MessagePort[] = [];
let engine: Engine | undefined;

/**
 * Serves a page as long as it lives. A port does not tell when its page is gone; a lock does: the page
 * holds one under the name it sends first, and the browser gives it up with the page.
 */
function serve(port: MessagePort): void {
  if (engine === undefined) {
    waiting.push(port);
    return;
  }
  const running = engine;
  port.onmessage = ({ data: lock, ports }) => {
    const end = servePort(running, port as Port);
    const gone = new AbortController();
    const [helper] = ports;
    if (helper !== undefined) pages.add(helper, gone.signal);
    void navigator.locks.request(String(lock), () => {
      gone.abort();
      end();
      port.close();
    });
  };
}

void navigator.locks.request('postern-engine', async () => {
  engine = startEngine(browserHost(self.location.origin, pages));
  for (const port of waiting.splice(0)) serve(port);
  // The lock is held as long as the worker lives.
  await new Promise(() => undefined);
});

const scope = self as unknown as { onconnect?: (event: MessageEvent) => void };

scope.onconnect = (event) => {
  const [port] = event.ports;
  if (port !== undefined) serve(port);
};

self.addEventListener('message', (event: Event) => {
  const [port] = (event as MessageEvent).ports;
  if (port !== undefined) serve(port);
});

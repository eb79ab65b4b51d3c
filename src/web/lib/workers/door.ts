/** Lets pages in to the engine, which starts only when it holds the lock of its kind. */
import { startEngine } from '../../../client/engine/engine.ts';
import type { Host } from '../../../client/engine/host.ts';
import { servePort, type Port } from '../../../client/engine/port.ts';
import type { PageHelp } from './page-help.ts';

type Engine = ReturnType<typeof startEngine>;

export class Door {
  readonly #pages: PageHelp;
  readonly #waiting: MessagePort[] = [];
  #engine: Engine | undefined;

  constructor(pages: PageHelp) {
    this.#pages = pages;
  }

  /** Two machines on one store would break each other: whoever comes before the lock is there waits with it. */
  open(host: Host): void {
    void navigator.locks.request('postern-engine', async () => {
      this.#engine = startEngine(host);
      for (const port of this.#waiting.splice(0)) this.serve(port);
      // The lock is held as long as the worker lives.
      await new Promise(() => undefined);
    });
  }

  /**
   * Serves a page as long as it lives. A port does not tell when its page is gone; a lock does: the page
   * holds one under the name it sends first, and the browser gives it up with the page.
   */
  serve(port: MessagePort): void {
    const engine = this.#engine;
    if (engine === undefined) {
      this.#waiting.push(port);
      return;
    }
    port.onmessage = ({ data: lock, ports }) => {
      const end = servePort(engine, port as Port);
      const gone = new AbortController();
      const [helper] = ports;
      if (helper !== undefined) this.#pages.add(helper, gone.signal);
      void navigator.locks.request(String(lock), () => {
        gone.abort();
        end();
        port.close();
      });
    };
  }
}

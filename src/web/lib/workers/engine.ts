/** Entry point of the engine's worker. */
import { browserHost } from './browser-host.ts';
import { Door } from './door.ts';
import { PageHelp } from './page-help.ts';

const pages = new PageHelp();
const door = new Door(pages);

door.open(browserHost(self.location.origin, { pages }));

const scope = self as unknown as { onconnect?: (event: MessageEvent) => void };

scope.onconnect = (event) => {
  const [port] = event.ports;
  if (port !== undefined) door.serve(port);
};

self.addEventListener('message', (event: Event) => {
  const [port] = (event as MessageEvent).ports;
  if (port !== undefined) door.serve(port);
});

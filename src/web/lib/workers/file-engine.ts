/**
 * Entry point of the engine in `client.html`: the page that is its file hands over the crypto, packed, with the port of
 * the first connection. No address is known but those of an invite.
 */
import { browserHost } from './browser-host.ts';
import { Door } from './door.ts';
import { PageHelp } from './page-help.ts';

const pages = new PageHelp();
const door = new Door(pages);

async function unpack(packed: Blob): Promise<string> {
  const stream = packed.stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const bytes = await new Response(stream).arrayBuffer();
  return URL.createObjectURL(new Blob([bytes], { type: 'application/wasm' }));
}

self.addEventListener('message', (event: Event) => {
  if (!(event instanceof MessageEvent)) return;
  const data: unknown = event.data;
  if (data instanceof Blob) door.open(browserHost('', { pages, wasmUrl: () => unpack(data) }));
  const [port] = event.ports;
  if (port !== undefined) door.serve(port);
});

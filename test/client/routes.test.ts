/** A conversation over two routes to one server, of which one goes away in the middle. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseRoute, type Route } from '../../src/matrix/routes/route.ts';
import { openCuttableLine, type CuttableLine } from './cuttable.ts';
import { memoryHost, TestClient } from './headless.ts';
import { startRealServer, type RealServer } from './real-server.ts';

/** "block the current route in mid-conversation → p95 gap to next delivered message ≤ 3 s" (DEPLOYMENT §3, row 5). */
const GAP_MAX_MS = 3_000;

let server: RealServer;
const clients: TestClient[] = [];

before(async () => {
  server = await startRealServer();
});

after(async () => {
  for (const client of clients) await client.engine.stop();
  await server.close();
});

function routeTo(line: CuttableLine): Route {
  const route = parseRoute(line.url);
  assert.ok(route !== undefined);
  return route;
}

/** A client that was loaded over the near line and knows the far one. */
function clientOf(lines: readonly CuttableLine[]): TestClient {
  const host = memoryHost(undefined, lines[0]?.url ?? '');
  const routes = lines.map((line) => ({ url: routeTo(line).kind === 'web' ? line.url : '', zone: null }));
  const book = { serverName: 'localhost', keys: {}, routes, manifest: null };
  const client = new TestClient({ ...host, loadRoutes: async () => ({ book }) });
  clients.push(client);
  return client;
}

const outages: readonly [name: string, suffix: string, block: (line: CuttableLine) => void][] = [
  ['is reset', '1', (line) => line.setCut(true)],
  ['falls silent', '2', (line) => line.setFrozen(true)],
];

for (const [how, letter, block] of outages) {
  test(`a route ${how}: the next message comes within three seconds, none lost or doubled`, async (t) => {
    const near = await openCuttableLine(server.url);
    const far = await openCuttableLine(server.url);
    t.after(() => {
      near.close();
      far.close();
    });
    const [anna, ben] = [clientOf([near, far]), clientOf([near, far])];
    await anna.register(`anna${letter}`, 'Anna');
    await ben.register(`ben${letter}`, 'Ben');
    const room = await anna.commands.createDirect(`@ben${letter}:localhost`);
    await ben.until('rooms', undefined, (rooms) => rooms.some(({ roomId }) => roomId === room));
    await ben.commands.joinRoom(room);
    const sent: string[] = [];
    const say = async (): Promise<number> => {
      const text = `message ${sent.length + 1}`;
      sent.push(text);
      const from = performance.now();
      const seen = ben.texts(room, (texts) => texts.includes(text));
      await anna.commands.sendText({ roomId: room, text, mentions: [] });
      await seen;
      return performance.now() - from;
    };
    for (let round = 0; round < 5; round += 1) await say();
    block(near);
    const gapMs = await say();
    assert.ok(gapMs <= GAP_MAX_MS, `${Math.round(gapMs)} ms`);
    for (let round = 0; round < 5; round += 1) assert.ok((await say()) <= GAP_MAX_MS);
    const texts = await ben.texts(room, (all) => all.length >= sent.length);
    assert.deepEqual(texts, sent);
    const routes = await anna.until('routes', undefined, (list) =>
      list.some(({ isCurrent, state }) => isCurrent && state === 'good'),
    );
    assert.equal(routes.find(({ isCurrent }) => isCurrent)?.name, far.url);
  });
}

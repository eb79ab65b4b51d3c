/** Media of other servers: fetched for users, kept, and given to other servers. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { parseServerName } from '../../src/matrix/ids.ts';
import { png } from '../client/picture.ts';
import { type Answer, TestNetwork, type TestServer, type User } from '../harness/index.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import type { RemoteMedia } from '../harness/remote/answers/media.ts';
import { type FileServer, startFileServer } from './tls-file-server.ts';

const MAX_BYTES = 300_000;
const DAY_MS = 86_400_000;

const network = new TestNetwork();
const context = {} as {
  alpha: TestServer;
  /** Like alpha, but it reaches private addresses. */
  beta: TestServer;
  remote: RemoteServer;
  files: FileServer;
  old: FileServer;
  alice: User;
  bob: User;
};
let laterMs = 0;

before(async () => {
  const bytes = Buffer.from('kept elsewhere');
  context.files = await startFileServer((request, response) => {
    if (request.url?.startsWith('/away') === true) response.writeHead(302, { Location: 'https://127.0.0.1/' }).end();
    else response.writeHead(200, { 'Content-Type': 'text/plain' }).end(bytes);
  });
  context.old = await startFileServer((request, response) => {
    if (request.url?.startsWith('/_matrix/media/v3/download/other.test/legacy') === true) {
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Disposition': 'inline; filename=old.txt' });
      response.end('from an old server');
      return;
    }
    const errcode = request.url?.includes('missing') === true ? 'M_NOT_FOUND' : 'M_UNRECOGNIZED';
    response.writeHead(404, { 'Content-Type': 'application/json' }).end(JSON.stringify({ errcode, error: 'no' }));
  });
  network.route('other.test', `127.0.0.1:${context.old.port}`);
  context.remote = await network.startRemote('remote.test');
  const media = { maxUploadBytes: MAX_BYTES, remoteRetention: '2d' };
  context.alpha = network.server('alpha.test', {
    config: { media },
    clock: { ...systemClock, now: () => systemClock.now() + laterMs },
  });
  context.beta = network.server('beta.test', { config: { media, network: { denyRanges: [] } } });
  for (const server of [context.alpha, context.beta]) await server.start();
  context.alice = await context.alpha.register('alice');
  context.bob = await context.beta.register('bob');
});
after(async () => {
  for (const server of [context.files, context.old]) server.close();
  await context.remote.stop();
  for (const server of [context.alpha, context.beta]) await server.finish();
});

async function upload(user: User, bytes: Uint8Array, type: string, name: string): Promise<string> {
  const answer = await user.call('POST', `/_matrix/media/v3/upload?filename=${encodeURIComponent(name)}`, undefined, {
    raw: new Uint8Array(bytes),
    headers: { 'Content-Type': type },
  });
  return answer.expect(200).text('content_uri').slice('mxc://'.length);
}

function download(user: User, place: string): Promise<Answer> {
  return user.call('GET', `/_matrix/client/v1/media/download/${place}`);
}

/** Media of the scripted server under a new id. */
function put(media: Partial<RemoteMedia> = {}): string {
  const id = randomBytes(9).toString('hex');
  context.remote.media.set(id, { bytes: Buffer.from('from afar'), contentType: 'text/plain', ...media });
  return `remote.test/${id}`;
}

function asked(place: string): number {
  const id = place.split('/')[1] ?? '';
  return context.remote.requestsFor('getContent').filter((request) => request.params.get('mediaId') === id).length;
}

describe('media of another server', () => {
  test('is downloaded, with its type and name, and made smaller', async () => {
    const { alice, bob } = context;
    const picture = png(300, 200);
    const place = await upload(bob, picture, 'image/png', 'picture.png');
    const answer = (await download(alice, place)).expect(200);
    assert.deepEqual(Buffer.from(answer.bytes), picture);
    assert.equal(answer.headers.get('content-type'), 'image/png');
    assert.equal(answer.headers.get('content-disposition'), 'inline; filename=picture.png');
    assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/);
    const small = await alice.call('GET', `/_matrix/client/v1/media/thumbnail/${place}?width=32&height=32&method=crop`);
    assert.ok(small.expect(200).bytes.length < picture.length);
  });

  test('is fetched once for all who ask', async () => {
    const { alice, alpha } = context;
    const other = await alpha.register('other');
    const place = put({ fileName: 'note.txt' });
    const answers = await Promise.all([alice, other, alice].map((user) => download(user, place)));
    for (const answer of answers) assert.equal(Buffer.from(answer.expect(200).bytes).toString(), 'from afar');
    (await download(other, place)).expect(200);
    assert.equal(asked(place), 1);
  });

  test('adv-120, adv-121: is neither fetched nor shown for callers without a token', async () => {
    const { alice, alpha } = context;
    const place = put();
    const legacy = () => alpha.nobody.call('GET', `/_matrix/media/v3/download/${place}`);
    (await legacy()).expect(404, 'M_NOT_FOUND');
    (await alpha.nobody.call('GET', `/_matrix/media/v3/thumbnail/${place}?width=32&height=32`)).expect(404);
    (await alpha.nobody.call('GET', `/_matrix/client/v1/media/download/${place}`)).expect(401);
    assert.equal(asked(place), 0);
    (await download(alice, place)).expect(200);
    (await legacy()).expect(404, 'M_NOT_FOUND');
  });

  test('that is not there is not asked for again and again', async () => {
    const { alice } = context;
    const place = 'remote.test/nothing';
    for (let count = 0; count < 3; count += 1) (await download(alice, place)).expect(404, 'M_NOT_FOUND');
    assert.equal(asked(place), 1);
    (await download(alice, 'nowhere.test/x')).expect(504, 'M_UNKNOWN');
    (await download(alice, 'n o/x')).expect(404, 'M_NOT_FOUND');
  });

  test('adv-119: gives no path and no page, whatever it is called', async () => {
    const { alice } = context;
    const place = put({ fileName: '../../../evil.html', contentType: 'text/html', bytes: Buffer.from('<script>') });
    const answer = (await download(alice, place)).expect(200);
    assert.equal(answer.headers.get('content-disposition'), 'attachment; filename=evil.html');
    (await download(alice, 'remote.test/..%2F..%2Fetc')).expect(404, 'M_NOT_FOUND');
  });

  test('adv-115: may be as large as an upload, and no larger', async () => {
    const { alice } = context;
    (await download(alice, put({ bytes: randomBytes(MAX_BYTES) }))).expect(200);
    for (const size of [MAX_BYTES + 1, MAX_BYTES * 10]) {
      (await download(alice, put({ bytes: randomBytes(size) }))).expect(502, 'M_TOO_LARGE');
    }
  });

  test('counts only when it has come whole, in the form that the specification gives', async () => {
    const { alice, remote } = context;
    const place = put();
    const cut = remote.on('getContent', async (_request, next) => ({ ...(await next()), cutAfter: 120 }));
    (await download(alice, place)).expect(504, 'M_UNKNOWN');
    cut();
    const plain = remote.on('getContent', () => ({
      status: 200,
      headers: { 'Content-Type': 'text/plain' },
      bytes: Buffer.from('bare'),
    }));
    (await download(alice, put())).expect(504, 'M_UNKNOWN');
    plain();
  });

  test('adv-065: is refused in words of this server', async () => {
    const { alice, remote } = context;
    const takeOut = remote.on('getContent', () => ({
      status: 403,
      body: { errcode: 'M_UNKNOWN_TOKEN', error: 'leave', soft_logout: true },
    }));
    const answer = (await download(alice, put())).expect(502, 'M_UNKNOWN');
    takeOut();
    assert.ok(!JSON.stringify(answer.body).includes('leave'));
  });

  test('may be elsewhere, where the gate lets the server go', async () => {
    const { alice, bob, files } = context;
    const location = `https://127.0.0.1:${files.port}/file?key=1`;
    const answer = (await download(bob, put({ location }))).expect(200);
    assert.equal(Buffer.from(answer.bytes).toString(), 'kept elsewhere');
    assert.deepEqual(files.paths, ['/file?key=1']);
    // adv-111, adv-113: no private address, no plain text, no further hop, no name that only the owner knows.
    (await download(alice, put({ location }))).expect(504);
    for (const wrong of [
      `http://127.0.0.1:${files.port}/`,
      `https://127.0.0.1:${files.port}/away`,
      `https://user:pass@127.0.0.1:${files.port}/`,
      'https://alpha.test:8448/_matrix/key/v2/server',
      '/here',
      '',
    ]) {
      (await download(bob, put({ location: wrong }))).expect(504);
    }
    assert.deepEqual(files.paths, ['/file?key=1', '/away']);
  });

  test('is asked for in the old way of servers that know no other', async () => {
    const { alice, old } = context;
    const answer = (await download(alice, 'other.test/legacy')).expect(200);
    assert.equal(Buffer.from(answer.bytes).toString(), 'from an old server');
    assert.equal(answer.headers.get('content-disposition'), 'inline; filename=old.txt');
    assert.match(old.paths.at(-1) ?? '', /allow_remote=false/);
    const before = old.paths.length;
    (await download(alice, 'other.test/missing')).expect(404, 'M_NOT_FOUND');
    assert.deepEqual(
      old.paths.slice(before).map((path) => path.split('?')[0]),
      ['/_matrix/federation/v1/media/download/missing'],
    );
  });
});

describe('media that an administrator has put in quarantine (adv-092)', () => {
  /** Every way to ask for media, of our server and of others, and its status. */
  async function statusesOf(place: string): Promise<number[]> {
    const { alice, alpha, remote } = context;
    const statuses: number[] = [];
    for (const kind of [`download/${place}`, `download/${place}/name.png`, `thumbnail/${place}?width=32&height=32`]) {
      for (const api of ['client/v1/media', 'media/v3', 'media/r0']) {
        for (const user of [alice, alpha.nobody]) {
          statuses.push((await user.call('GET', `/_matrix/${api}/${kind}`)).status);
        }
      }
    }
    const [server, id = ''] = place.split('/');
    for (const kind of server === 'alpha.test' ? [`download/${id}`, `thumbnail/${id}?width=32&height=32`] : []) {
      const uri = `/_matrix/federation/v1/media/${kind}`;
      statuses.push((await remote.client.request({ destination: 'alpha.test', method: 'GET', uri })).status);
    }
    return statuses;
  }

  test('of this server, and of another, is given by no operation, nor are its thumbnails, and comes back', async () => {
    const { alice, alpha } = context;
    const { store } = alpha.running.services.context;
    const own = await upload(alice, png(300, 200), 'image/png', 'picture.png');
    const others = put({ bytes: png(300, 200), contentType: 'image/png' });
    for (const place of [own, others]) {
      const [server = '', id = ''] = place.split('/');
      const quarantine = (isOn: boolean): Promise<void> =>
        store.transact((one) => {
          if (server === 'alpha.test') one.media.setQuarantined(id, isOn);
          else one.federation.setRemoteMediaQuarantined(parseServerName(server) ?? assert.fail(), id, isOn);
        });
      // Thumbnails are made while it may be seen.
      const before = await statusesOf(place);
      assert.ok(before.filter((status) => status === 200).length >= 3, String(before));
      await quarantine(true);
      const during = await statusesOf(place);
      assert.deepEqual(
        during.filter((status) => status !== 404 && status !== 401),
        [],
      );
      await quarantine(false);
      assert.deepEqual(await statusesOf(place), before);
    }
  });
});

describe('getContent, getContentThumbnail: media for another server', () => {
  const get = (path: string) =>
    context.remote.client.request({
      destination: 'alpha.test',
      method: 'GET',
      uri: `/_matrix/federation/v1/media/${path}`,
    });

  test('goes out in two parts, if it is of this server', async () => {
    const { alice } = context;
    const place = await upload(alice, Buffer.from('mine'), 'text/plain', 'mine.txt');
    const answer = (await get(`download/${place.split('/')[1]}`)).expect(200);
    const boundary = /^multipart\/mixed; boundary=(\S+)$/.exec(answer.headers.get('content-type') ?? '')?.[1];
    assert.equal(
      Buffer.from(answer.bytes).toString(),
      `--${boundary}\r\nContent-Type: application/json\r\n\r\n{}\r\n--${boundary}\r\nContent-Type: text/plain\r\n` +
        `Content-Disposition: inline; filename=mine.txt\r\n\r\nmine\r\n--${boundary}--\r\n`,
    );
    const theirs = put();
    (await download(alice, theirs)).expect(200);
    (await get(`download/${theirs.split('/')[1]}`)).expect(404, 'M_NOT_FOUND');
  });

  test('thumbnails too', async () => {
    const { alice } = context;
    const picture = (await upload(alice, png(100, 80), 'image/png', 'p.png')).split('/')[1];
    const text = (await upload(alice, Buffer.from('no picture'), 'text/plain', 't.txt')).split('/')[1];
    const answer = (await get(`thumbnail/${picture}?width=32&height=32&method=crop`)).expect(200);
    assert.match(Buffer.from(answer.bytes).toString('latin1'), /\r\nContent-Type: image\/[a-z]+\r\n/);
    (await get(`thumbnail/${text}?width=32&height=32`)).expect(400);
    (await get(`thumbnail/${picture}?width=0&height=32`)).expect(400, 'M_INVALID_PARAM');
  });
});

// The last one: for a clock that is days ahead, the keys of other servers have run out.
test('media of another server is forgotten when nobody has asked for it in a long time', async () => {
  const { alice, alpha } = context;
  const [unused, used] = [put({ bytes: png(40, 30), contentType: 'image/png' }), put()];
  for (const place of [unused, used]) (await download(alice, place)).expect(200);
  await alice.call('GET', `/_matrix/client/v1/media/thumbnail/${unused}?width=32&height=32&method=crop`);
  laterMs += 1.5 * DAY_MS;
  (await download(alice, used)).expect(200);
  laterMs += DAY_MS;
  await alpha.running.services.media.deleteExpired();
  for (const place of [unused, used]) (await download(alice, place)).expect(200);
  assert.deepEqual([asked(unused), asked(used)], [2, 1]);
});

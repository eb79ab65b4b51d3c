import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { type Answer, SERVER_NAME, useServer, type User } from '../../harness/index.ts';

const server = useServer({ config: { media: { maxUploadBytes: 200_000 }, federation: { enabled: false } } });

async function upload(user: User, bytes: Uint8Array<ArrayBuffer>, type: string, name?: string): Promise<Answer> {
  const query = name === undefined ? '' : `?filename=${encodeURIComponent(name)}`;
  return await user.call('POST', `/_matrix/media/v3/upload${query}`, undefined, {
    raw: bytes,
    headers: { 'Content-Type': type },
  });
}

const idOf = (answer: Answer): string => answer.expect(200).text('content_uri').split('/').at(-1) ?? '';
const authed = (rest: string): string => `/_matrix/client/v1/media/${rest}`;

async function png(width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const image = sharp({ create: { width, height, channels: 3, background: { r: 200, g: 30, b: 60 } } });
  return new Uint8Array(await image.png().toBuffer());
}

test('uploadContent, getContentAuthed, getContentOverrideNameAuthed: the same bytes', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const bytes = new TextEncoder().encode('plain words');
  const id = idOf(await upload(alice, bytes, 'text/plain', 'notes.txt'));
  const answer = (await bob.call('GET', authed(`download/${SERVER_NAME}/${id}`))).expect(200);
  assert.deepEqual(answer.bytes, bytes);
  assert.equal(answer.headers.get('content-type'), 'text/plain');
  assert.match(answer.headers.get('content-disposition') ?? '', /^inline; filename=notes\.txt$/);
  const named = (await bob.call('GET', authed(`download/${SERVER_NAME}/${id}/other.txt`))).expect(200);
  assert.match(named.headers.get('content-disposition') ?? '', /other\.txt/);
  await server.nobody.fails('401 M_MISSING_TOKEN', 'GET', authed(`download/${SERVER_NAME}/${id}`));
  await bob.fails('404 M_NOT_FOUND', 'GET', authed(`download/${SERVER_NAME}/unknown`));
});

test('getContentAuthed: nothing runs in the page (adv-125)', async () => {
  const alice = await server.register('alice');
  const html = new TextEncoder().encode('<script>alert(1)</script>');
  for (const type of [
    'text/html',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/xml',
    'image/png',
    'application/javascript',
  ]) {
    const id = idOf(await upload(alice, html, type, 'x.html'));
    const { headers } = (await alice.call('GET', authed(`download/${SERVER_NAME}/${id}`))).expect(200);
    assert.match(headers.get('content-disposition') ?? '', /^attachment/, type);
    assert.match(headers.get('content-security-policy') ?? '', /sandbox/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin');
  }
});

test('uploadContent: file names and types that are no harm (adv-125)', async () => {
  const alice = await server.register('alice');
  const names = ['a"b;c.txt', 'ünïcode.png', '../../etc/passwd', 'new\nline', 'x'.repeat(5000), '雪.jpg', 'a\0b'];
  for (const name of names) {
    const id = idOf(await upload(alice, new Uint8Array([1, 2, 3]), 'application/octet-stream', name));
    const disposition = (await alice.call('GET', authed(`download/${SERVER_NAME}/${id}`)))
      .expect(200)
      .headers.get('content-disposition');
    assert.match(disposition ?? '', /^attachment; filename/);
    assert.ok(!/[\r\n]|\.\./.test(disposition ?? ''), disposition ?? '');
  }
});

test('uploadContent: more than the limit is too large, whether announced or not (adv-124)', async () => {
  const alice = await server.register('alice');
  (await upload(alice, new Uint8Array(200_001), 'application/octet-stream')).expect(413, 'M_TOO_LARGE');
  (await upload(alice, new Uint8Array(200_000), 'application/octet-stream')).expect(200);
  const nobody = await upload(server.nobody, new Uint8Array(3), 'text/plain');
  nobody.expect(401, 'M_MISSING_TOKEN');
});

test('getConfigAuthed, getConfig: the limit', async () => {
  const alice = await server.register('alice');
  for (const path of [authed('config'), '/_matrix/media/v3/config']) {
    assert.equal((await alice.ok('GET', path)).number('m.upload.size'), 200_000);
  }
});

test('createContent, uploadContentToMXC: bytes later, by the one who reserved, once', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const made = await alice.ok('POST', '/_matrix/media/v1/create', {});
  const id = made.text('content_uri').split('/').at(-1) ?? '';
  const path = `/_matrix/media/v3/upload/${SERVER_NAME}/${id}`;
  const put = (user: User) =>
    user.call('PUT', path, undefined, { raw: 'later', headers: { 'Content-Type': 'text/plain' } });
  const early = await alice.call('GET', `${authed(`download/${SERVER_NAME}/${id}`)}?timeout_ms=0`);
  early.expect(504, 'M_NOT_YET_UPLOADED');
  (await put(bob)).expect(403, 'M_FORBIDDEN');
  const waiting = alice.call('GET', `${authed(`download/${SERVER_NAME}/${id}`)}?timeout_ms=5000`);
  (await put(alice)).expect(200);
  assert.equal(Buffer.from((await waiting).expect(200).bytes).toString(), 'later');
  (await put(alice)).expect(409, 'M_CANNOT_OVERWRITE_MEDIA');
  const unknown = await alice.call('PUT', `/_matrix/media/v3/upload/${SERVER_NAME}/none`, undefined, { raw: 'x' });
  assert.ok([403, 404].includes(unknown.status));
});

test('getContentThumbnailAuthed: scaled and cropped pictures', async () => {
  const alice = await server.register('alice');
  const id = idOf(await upload(alice, await png(640, 320), 'image/png'));
  const thumbnail = async (query: string) => {
    const answer = (await alice.call('GET', authed(`thumbnail/${SERVER_NAME}/${id}?${query}`))).expect(200);
    const { width, height } = await sharp(answer.bytes).metadata();
    return [width, height];
  };
  assert.deepEqual(await thumbnail('width=96&height=96&method=crop'), [96, 96]);
  const [width = 0, height = 0] = await thumbnail('width=320&height=240&method=scale');
  assert.ok(width >= 320 && width / height === 2, `${width}×${height}`);
  await alice.fails('400 M_MISSING_PARAM', 'GET', authed(`thumbnail/${SERVER_NAME}/${id}?width=5`));
});

test('getContentThumbnailAuthed: what is no picture has none, whatever it says (adv-122)', async () => {
  const alice = await server.register('alice');
  const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  for (const type of ['image/png', 'image/svg+xml']) {
    const id = idOf(await upload(alice, svg, type));
    const answer = await alice.call('GET', authed(`thumbnail/${SERVER_NAME}/${id}?width=32&height=32`));
    assert.ok([400, 404].includes(answer.status), String(answer.status));
  }
  const broken = (await png(64, 64)).slice(0, 60);
  const id = idOf(await upload(alice, broken, 'image/png'));
  const answer = await alice.call('GET', authed(`thumbnail/${SERVER_NAME}/${id}?width=32&height=32`));
  assert.ok(answer.status < 500, String(answer.status));
});

test('getContent, getContentOverrideName, getContentThumbnail: the legacy endpoints answer or are frozen', async () => {
  const alice = await server.register('alice');
  const id = idOf(await upload(alice, await png(64, 64), 'image/png'));
  for (const rest of [
    `download/${SERVER_NAME}/${id}`,
    `download/${SERVER_NAME}/${id}/x.png`,
    `thumbnail/${SERVER_NAME}/${id}?width=32&height=32`,
  ]) {
    const answer = await server.nobody.call('GET', `/_matrix/media/v3/${rest}`);
    assert.ok([200, 404].includes(answer.status), `${rest}: ${answer.status}`);
  }
});

test('getContentAuthed: ids that are paths find nothing (adv-119)', async () => {
  const alice = await server.register('alice');
  for (const id of [
    '..',
    '..%2F..%2Fetc%2Fpasswd',
    '%00',
    '.',
    'a'.repeat(5000),
    '%2e%2e',
    'media%5c..',
    '%F0%9F%98%80',
  ]) {
    const answer = await alice.call('GET', authed(`download/${SERVER_NAME}/${id}`));
    assert.ok([400, 404].includes(answer.status), `${id.slice(0, 20)}: ${answer.status}`);
  }
  const remote = await alice.call('GET', authed('download/elsewhere.example/abc'));
  remote.expect(504, 'M_UNKNOWN');
});

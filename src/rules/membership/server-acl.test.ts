import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { ALICE, BOB, TestRoom } from '../../../test/fixtures/room-kit.ts';
import { checkServerAcl, ServerAcl, serverAclOf } from './server-acl.ts';

const allows = (content: JsonObject, server: string) => new ServerAcl(content).allows(server);

test('adv-041 case, ports, IP literals', () => {
  const acl = { allow: ['*'], deny: ['evil.com', '*.EVIL.net', '1.1.1.1', 'ev?l.org'] };
  for (const server of [
    'evil.com',
    'EVIL.com',
    'evil.com:8448',
    'a.evil.net',
    'a.evil.net:1',
    '1.1.1.1',
    '1.1.1.1:80',
    'evil.org',
  ]) {
    assert.equal(allows(acl, server), false, server);
  }
  for (const server of ['good.com', 'evil.com.good.com', 'evil.net', '1.1.1.2', '[::1]', 'evill.org']) {
    assert.equal(allows(acl, server), true, server);
  }
  const noLiterals = { allow: ['*'], allow_ip_literals: false };
  for (const server of ['1.2.3.4', '1.2.3.4:5', '[::1]', '[::1]:80', '[2001:db8::1]']) {
    assert.equal(allows(noLiterals, server), false, server);
    assert.equal(allows({ allow: ['*'], allow_ip_literals: true }, server), true);
    assert.equal(allows({ allow: ['*'], allow_ip_literals: 'false' }, server), true);
    assert.equal(allows({ allow: ['*'] }, server), true);
  }
  for (const server of ['1.2.3', 'a.1.2.3.4', '1.2.3.4.example'])
    assert.equal(allows(noLiterals, server), true, server);
});

test('deny goes before allow; nothing allowed means nobody', () => {
  assert.equal(allows({ allow: ['a.com'], deny: ['a.com'] }, 'a.com'), false);
  assert.equal(allows({ allow: ['a.com'] }, 'b.com'), false);
  for (const content of [{}, { allow: [] }, { allow: '*' }, { allow: [1, null, {}] }, { deny: ['x'] }]) {
    assert.equal(allows(content as JsonObject, 'a.com'), false);
  }
  assert.equal(allows({ allow: [1, '*'], deny: [null, 'x'] }, 'a.com'), true);
});

test('adv-040 the server of the sender counts as much as the one that sends', () => {
  const room = new TestRoom('11');
  const acl = serverAclOf(
    room.state(room.event({ type: 'm.room.server_acl', stateKey: '', content: { allow: ['*'], deny: ['b.example'] } })),
  );
  const check = (origin: string, sender: string) =>
    checkServerAcl(acl, origin as ServerName, room.event({ type: 'x', sender })).accept;
  assert.equal(check('a.example', ALICE), true);
  assert.equal(check('b.example', ALICE), false);
  assert.equal(check('a.example', BOB), false);
  assert.equal(check('a.example', 'nobody'), false);
  const open = serverAclOf(room.state());
  assert.equal(checkServerAcl(open, 'b.example' as ServerName, room.event({ type: 'x', sender: BOB })).accept, true);
  const elsewhere = room.state(room.event({ type: 'm.room.server_acl', stateKey: 'x', content: {} }));
  assert.equal(serverAclOf(elsewhere).allows('b.example'), true);
});

test('adv-042 a list of ten thousand hostile patterns', () => {
  const deny = Array.from({ length: 10_000 }, (_, index) => (index % 2 === 0 ? `*a*a*a${index}` : `evil${index}.com`));
  const acl = new ServerAcl({ allow: ['*'], deny: [...deny, `${'*a'.repeat(30_000)}b`] });
  const server = `${'a'.repeat(200)}.com`;
  acl.allows(server);
  const started = process.cpuUsage();
  for (let i = 0; i < 1000; i += 1) acl.allows(server);
  assert.ok(process.cpuUsage(started).user / 1000 < 1_000, 'less than a millisecond of the processor for a check');
  const first = process.cpuUsage();
  assert.equal(acl.allows(`b${server}`), true);
  assert.ok(process.cpuUsage(first).user / 1000 < 1_000);
});

test('lists of any shape never throw', () => {
  const any = fc.jsonValue() as fc.Arbitrary<JsonValue>;
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('allow', 'deny', 'allow_ip_literals'), any),
      fc.string(),
      (content, server) => {
        assert.equal(typeof allows(content as JsonObject, server), 'boolean');
      },
    ),
    { numRuns: 100 },
  );
});

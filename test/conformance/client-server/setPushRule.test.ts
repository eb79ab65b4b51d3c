import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer, type User, v3 } from '../../harness/index.ts';

const server = useServer();
const rule = (kind: string, id: string): string => v3`/pushrules/global/${kind}/${id}`;

test('getPushRules, getPushRulesGlobal: the default rules', async () => {
  const alice = await server.register('alice');
  const all = await alice.ok('GET', v3`/pushrules/`);
  const ids = all.list('global', 'override').map((one) => one['rule_id']);
  for (const id of ['.m.rule.master', '.m.rule.suppress_notices', '.m.rule.invite_for_me', '.m.rule.is_user_mention']) {
    assert.ok(ids.includes(id), id);
  }
  assert.deepEqual((await alice.ok('GET', v3`/pushrules/global/`)).body, all.get('global'));
});

test('setPushRule, getPushRule, deletePushRule: each kind', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const bodies: [string, string, object][] = [
    [
      'override',
      'my.override',
      { conditions: [{ kind: 'event_match', key: 'type', pattern: 'x*' }], actions: ['notify'] },
    ],
    ['underride', 'my.underride', { conditions: [], actions: [] }],
    ['content', 'my.content', { pattern: 'cake*', actions: ['notify', { set_tweak: 'highlight' }] }],
    ['room', room, { actions: [] }],
    ['sender', '@spam:test.example', { actions: [] }],
  ];
  for (const [kind, id, body] of bodies) {
    await alice.ok('PUT', rule(kind, id), body);
    const seen = await alice.ok('GET', rule(kind, id));
    assert.equal(seen.text('rule_id'), id);
    assert.deepEqual([seen.get('default'), seen.get('enabled')], [false, true]);
    await alice.ok('DELETE', rule(kind, id));
    await alice.fails('404 M_NOT_FOUND', 'GET', rule(kind, id));
    await alice.fails('404 M_NOT_FOUND', 'DELETE', rule(kind, id));
  }
});

test('setPushRule: order by before and after; unknown neighbours are refused', async () => {
  const alice = await server.register('alice');
  const put = (id: string, query: string) =>
    alice.call('PUT', `${rule('override', id)}${query}`, { conditions: [], actions: [] });
  (await put('a', '')).expect(200);
  (await put('b', '?before=a')).expect(200);
  (await put('c', '?after=a')).expect(200);
  const own = (await alice.ok('GET', v3`/pushrules/`))
    .list('global', 'override')
    .filter((one) => one['default'] === false)
    .map((one) => one['rule_id']);
  assert.deepEqual(
    own.filter((one) => one !== '.m.rule.master'),
    ['b', 'a', 'c'],
  );
  assert.ok([400, 404].includes((await put('d', '?before=none')).status));
});

test('setPushRule: what cannot be a rule', async () => {
  const alice = await server.register('alice');
  const attempt = async (kind: string, id: string, body: object): Promise<number> =>
    (await alice.call('PUT', rule(kind, id), body)).status;
  assert.equal(await attempt('override', '.m.rule.mine', { conditions: [], actions: [] }), 400);
  assert.ok([400, 404].includes(await attempt('nonsense', 'x', { actions: [] })));
  assert.equal(await attempt('override', 'a/b', { conditions: [], actions: [] }), 400);
  assert.equal(await attempt('content', 'x', { actions: [] }), 400);
  assert.equal(await attempt('override', 'x', { conditions: 'x', actions: [] }), 400);
  assert.equal(await attempt('override', 'x', { conditions: [] }), 400);
  assert.equal(await attempt('override', 'x'.repeat(301), { conditions: [], actions: [] }), 400, 'adv-100');
  const huge = { conditions: [{ kind: 'event_match', key: 'k', pattern: 'x'.repeat(2000) }], actions: [] };
  assert.equal(await attempt('override', 'x', huge), 400, 'adv-100');
});

test('setPushRuleEnabled, isPushRuleEnabled, setPushRuleActions, getPushRuleActions: as specified', async () => {
  const alice = await server.register('alice');
  const id = '.m.rule.master';
  assert.equal((await alice.ok('GET', `${rule('override', id)}/enabled`)).get('enabled'), false);
  await alice.ok('PUT', `${rule('override', id)}/enabled`, { enabled: true });
  assert.equal((await alice.ok('GET', `${rule('override', id)}/enabled`)).get('enabled'), true);
  await alice.ok('PUT', `${rule('underride', '.m.rule.message')}/actions`, { actions: [] });
  assert.deepEqual((await alice.ok('GET', `${rule('underride', '.m.rule.message')}/actions`)).get('actions'), []);
  await alice.fails('404 M_NOT_FOUND', 'PUT', `${rule('override', 'none')}/enabled`, { enabled: true });
  await alice.fails('404 M_NOT_FOUND', 'GET', `${rule('override', 'none')}/actions`);
  await alice.fails('404 M_NOT_FOUND', 'PUT', `${rule('override', 'none')}/actions`, { actions: [] });
});

test('setPushRule: a change arrives by sync; rules decide what is counted', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  const counts = async (user: User): Promise<unknown> =>
    (await user.sync()).get('rooms', 'join', room, 'unread_notifications');
  await alice.send(room, 'one');
  assert.deepEqual(await counts(bob), { highlight_count: 0, notification_count: 1 });
  const since = (await bob.sync()).text('next_batch');
  await bob.ok('PUT', rule('room', room), { actions: [] });
  const sync = await bob.sync({ since });
  assert.ok(sync.list('account_data', 'events').some((one) => one['type'] === 'm.push_rules'));
  await alice.send(room, 'two');
  assert.deepEqual(await counts(bob), { highlight_count: 0, notification_count: 1 }, 'muted from now on');
  const mention = { msgtype: 'm.text', body: 'hey', 'm.mentions': { user_ids: [bob.id] } };
  await alice.send(room, mention);
  assert.deepEqual(await counts(bob), { highlight_count: 1, notification_count: 2 });
});

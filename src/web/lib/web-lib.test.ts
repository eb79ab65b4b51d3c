import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ZH_HANS } from '../../text/web/zh-hans.ts';
import type { RoomSummary, TimelineItem } from './engine.ts';
import { colourOf, initials, roomSubtitle, roomTitle } from './describe.ts';
import { markdownToHtml } from './markdown.ts';
import { parseRoute, routeLink } from './route.ts';
import { isEmojiOnly, planRows } from './rows.ts';
import { chooseLanguage, englishWords, Words } from './words.ts';

const words = englishWords();
const chinese = new Words('zh-Hans', ZH_HANS);

const room: RoomSummary = {
  roomId: '!a:b',
  membership: 'join',
  heroNames: ['Anna', 'Ben'],
  isDirect: false,
  isEncrypted: true,
  memberCount: 3,
  unreadCount: 0,
  highlightCount: 0,
  isMarkedUnread: false,
  isFavourite: false,
  isMuted: false,
};

test('a room is called by its name, else by the people in it', () => {
  assert.equal(roomTitle({ ...room, name: 'Family' }, words), 'Family');
  assert.equal(roomTitle(room, words), 'Anna and Ben');
  assert.equal(roomTitle(room, chinese), 'Anna和Ben');
  assert.equal(roomTitle({ ...room, heroNames: [] }, words), 'Empty chat');
});

test('the second line names the sender where it is not obvious', () => {
  const preview = { kind: 'text' as const, text: 'hello' };
  const lastEvent = { sender: '@anna:b', senderName: 'Anna', timestampMs: 1, preview };
  assert.equal(roomSubtitle({ ...room, lastEvent }, '@me:b', words), 'Anna: hello');
  assert.equal(roomSubtitle({ ...room, isDirect: true, lastEvent }, '@me:b', words), 'hello');
  assert.equal(roomSubtitle({ ...room, lastEvent }, '@anna:b', chinese), '你：hello');
});

test('plurals and languages are chosen', () => {
  assert.equal(words.say('unreadCount', { count: 1 }), '1 unread message');
  assert.equal(words.say('unreadCount', { count: 2 }), '2 unread messages');
  assert.equal(chinese.say('unreadCount', { count: 2 }), '2 条未读消息');
  assert.equal(chooseLanguage(['fr-FR', 'zh-CN', 'en']), 'zh-Hans');
  assert.equal(chooseLanguage(['xx']), 'en');
});

test('invite and setup links are read, and anything odd in them is not', () => {
  assert.deepEqual(parseRoute('#/invite/abc?from=%40anna%3Ab&by=Anna&room=%21r%3Ab&name=Family'), {
    name: 'invite',
    token: 'abc',
    from: '@anna:b',
    by: 'Anna',
    room: '!r:b',
    roomName: 'Family',
  });
  assert.deepEqual(parseRoute('#/setup?token=t.1_~-'), { name: 'setup', token: 't.1_~-' });
  for (const odd of ['#/setup?token=a%20b', '#/setup', '#/invite/', '#/invite/%zz', '#/room/x', '#/nowhere', '']) {
    assert.deepEqual(parseRoute(odd), { name: 'home' }, odd);
  }
  const turned = parseRoute('#/invite/abc?by=Anna%E2%80%AEmoc.live&name=%00%20');
  assert.deepEqual(turned, { name: 'invite', token: 'abc', by: 'Annamoc.live' });
});

test('every link of the app leads back to its route', () => {
  for (const route of [
    { name: 'room', roomId: '!a/b:c' },
    { name: 'details', roomId: '!x' },
    { name: 'new' },
    { name: 'settings' },
  ] as const) {
    assert.deepEqual(parseRoute(routeLink(route)), route);
  }
});

function item(key: string, sender: string, timestampMs: number, kind: 'text' | 'created' = 'text'): TimelineItem {
  const body = kind === 'text' ? ({ kind, style: 'text', text: key } as const) : ({ kind } as const);
  return {
    key,
    sender,
    isOwn: false,
    timestampMs,
    body,
    isEdited: false,
    canEdit: false,
    reactions: [],
    readBy: [],
    isRead: false,
  };
}

test('rows group by sender and time, separate days, and fold changes', () => {
  const noon = new Date(2026, 4, 1, 12).getTime();
  const minute = 60_000;
  const rows = planRows([
    item('c', 'a', noon, 'created'),
    item('d', 'a', noon, 'created'),
    item('1', 'a', noon + minute),
    item('2', 'a', noon + 2 * minute),
    item('3', 'b', noon + 3 * minute),
    item('4', 'b', noon + 30 * minute),
    item('5', 'b', noon + 24 * 60 * minute),
  ]);
  assert.deepEqual(
    rows.map((row) =>
      row.kind === 'message' ? `${row.item.key}${row.startsGroup ? '<' : ''}${row.endsGroup ? '>' : ''}` : row.kind,
    ),
    ['day', 'notes', '1<', '2>', '3<>', '4<>', 'day', '5<>'],
  );
  const keys = rows.map((row) => row.key);
  assert.equal(new Set(keys).size, keys.length);
});

test('a few emoji are large, text and digits are not', () => {
  for (const text of ['🎉', '👍🏽', '👨‍👩‍👧 🎉', '❤️']) assert.equal(isEmojiOnly(text), true, text);
  for (const text of ['', 'a🎉', '123', '🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉x'])
    assert.equal(isEmojiOnly(text), false, text);
});

test('initials and colours are stable', () => {
  assert.equal(initials('anna maria'), 'AM');
  assert.equal(initials('@ben:x'), 'B');
  assert.equal(initials('王小明'), '王');
  assert.equal(colourOf('@anna:b'), colourOf('@anna:b'));
});

test('markdown becomes HTML only where there is some, and typed HTML stays text', async () => {
  assert.equal(await markdownToHtml('hello world'), undefined);
  assert.equal(await markdownToHtml('two\nlines'), undefined);
  assert.equal(await markdownToHtml('**bold** words'), '<strong>bold</strong> words');
  assert.match((await markdownToHtml('- a\n- b')) ?? '', /^<ul>/);
  assert.equal((await markdownToHtml('*x* <script>alert(1)</script>'))?.includes('<script'), false);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MatrixError } from '../../../matrix/errors.ts';
import type { UserId } from '../../../matrix/ids.ts';
import type { JsonObject, JsonValue } from '../../../matrix/json.ts';
import { combineConfigs, isRequired, type ParsedRequest, parseRequest, type RoomConfig } from './request.ts';

const ME = '@me:a' as UserId;

function parse(body: JsonObject): ParsedRequest {
  return parseRequest(body, ME);
}

function refuses(body: JsonObject): void {
  assert.throws(
    () => parse(body),
    (error) => error instanceof MatrixError && error.code === 'M_INVALID_PARAM',
    JSON.stringify(body).slice(0, 100),
  );
}

function listOf(config: JsonObject): RoomConfig & { ranges: unknown } {
  const list = parse({ lists: { a: config } }).lists.get('a');
  assert.ok(list !== undefined);
  return list;
}

describe('requests of sliding sync', () => {
  it('mean the same in the form of the proposal and in that of deployed clients', () => {
    const now = listOf({
      range: [0, 9],
      timeline_limit: 5,
      required_state: {
        include: [
          { type: 'm.room.name', state_key: '' },
          { type: 'm.room.member', state_key: ME },
          { type: 'm.a' },
          {},
        ],
        lazy_members: true,
      },
    });
    const deployed = listOf({
      ranges: [[0, 9]],
      timeline_limit: 5,
      required_state: [
        ['m.room.name', ''],
        ['m.room.member', '$ME'],
        ['m.a', '*'],
        ['*', '*'],
        ['m.room.member', '$LAZY'],
      ],
    });
    assert.deepEqual(now, deployed);
  });

  it('have limits', () => {
    assert.deepEqual(
      [-1, 7, 1000].map((limit) => listOf({ timeline_limit: limit }).timelineLimit),
      [0, 7, 100],
    );
    const many = (count: number, value: JsonValue): JsonObject =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`!${index}:a`, value]));
    assert.equal(parse({ lists: many(100, {}) }).lists.size, 100);
    assert.equal(parse({ room_subscriptions: many(100, {}) }).subscriptions.size, 100);
    refuses({ lists: many(101, {}) });
    refuses({ room_subscriptions: many(101, {}) });
    refuses({ conn_id: 'x'.repeat(65) });
    const wishes = (count: number): JsonObject => ({
      lists: { a: { required_state: Array.from({ length: count }, (_, index) => ['m.room.member', `@${index}:a`]) } },
    });
    assert.equal(parse(wishes(500)).lists.get('a')?.requiredState.include.length, 500);
    refuses(wishes(501));
    refuses({ lists: { a: { ranges: Array.from({ length: 101 }, () => [0, 1]) } } });
  });

  it('want the whole list without a range, and refuse what is none', () => {
    assert.equal(listOf({}).ranges, undefined);
    assert.deepEqual(listOf({ ranges: [] }).ranges, []);
    assert.deepEqual(listOf({ range: [3, 3] }).ranges, [[3, 3]]);
    for (const range of [[], [1], [2, 1], [-1, 2], [0, 1.5], ['0', '1'], 5])
      refuses({ lists: { a: { ranges: [range] } } });
    refuses({ lists: { a: [] } });
    refuses({ room_subscriptions: { '!a:b': 1 } });
  });

  it('leave subscriptions to what is no room aside, and extensions that are not enabled', () => {
    assert.deepEqual([...parse({ room_subscriptions: { nothing: {}, '!a:b': {} } }).subscriptions.keys()], ['!a:b']);
    const { extensions } = parse({
      extensions: { typing: { enabled: true }, e2ee: { enabled: 'yes' }, to_device: {} },
    });
    assert.deepEqual([extensions.typing, extensions.e2ee, extensions.toDevice], [true, false, undefined]);
  });

  it('name nothing that objects inherit', () => {
    const lists = JSON.parse('{"__proto__":{"timeline_limit":3}}') as JsonObject;
    assert.equal(parse({ lists }).lists.get('__proto__')?.timelineLimit, 3);
    assert.equal(parse({}).lists.get('constructor'), undefined);
  });
});

const type = fc.constantFrom<string | undefined>('m.room.member', 'm.room.name', undefined);
const stateKey = fc.constantFrom<string | undefined>('', '@me:a', '@other:a', undefined);
const wish = fc.record({ type, stateKey });
const required = (exclude: fc.Arbitrary<(typeof wish extends fc.Arbitrary<infer W> ? W : never)[]>) =>
  fc.record({ include: fc.array(wish, { maxLength: 3 }), exclude, lazyMembers: fc.boolean() });
const config = (exclude: Parameters<typeof required>[0]): fc.Arbitrary<RoomConfig> =>
  fc.record({ timelineLimit: fc.nat({ max: 100 }), requiredState: required(exclude) });

describe('the combined config of a room', () => {
  it('is the config itself where there is one', () => {
    fc.assert(
      fc.property(config(fc.array(wish, { maxLength: 2 })), type, stateKey, (one, ofType = 'm.x', key = '@z:a') => {
        const combined = combineConfigs([one]);
        assert.equal(combined.timelineLimit, one.timelineLimit);
        assert.equal(isRequired(combined.requiredState, ofType, key), isRequired(one.requiredState, ofType, key));
      }),
      { numRuns: 200 },
    );
  });

  it('wants everything that one of them wants', () => {
    const configs = fc.array(config(fc.array(wish, { maxLength: 2 })), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(configs, type, stateKey, (all, ofType = 'm.x', key = '@z:a') => {
        const combined = combineConfigs(all);
        for (const one of all) {
          assert.ok(combined.timelineLimit >= one.timelineLimit);
          if (isRequired(one.requiredState, ofType, key)) {
            assert.ok(isRequired(combined.requiredState, ofType, key), `${ofType} ${key}`);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('leaves members that are loaded lazily out of a wish for everything, and in a wish that names them', () => {
    const lazy = { exclude: [], lazyMembers: true };
    const all = { type: undefined, stateKey: undefined };
    assert.equal(isRequired({ ...lazy, include: [all] }, 'm.room.member', '@a:b'), false);
    assert.equal(isRequired({ ...lazy, include: [all] }, 'm.room.name', ''), true);
    assert.equal(isRequired({ ...lazy, include: [{ ...all, type: 'm.room.member' }] }, 'm.room.member', '@a:b'), true);
    assert.equal(isRequired({ include: [all], exclude: [all], lazyMembers: false }, 'm.room.name', ''), false);
  });
});

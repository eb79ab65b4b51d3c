import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowedPlace, parseEgressRule } from './rules.ts';

const rulesOf = (...texts: string[]) => texts.flatMap((text) => parseEgressRule(text) ?? []);

describe('what a peer may reach through a node', () => {
  for (const [rule, place, isAllowed] of [
    ['fcm.example:443', 'fcm.example:443', true],
    ['fcm.example:443', 'FCM.example:443', true],
    ['fcm.example:443', 'fcm.example:444', false],
    ['fcm.example:443', 'a.fcm.example:443', false],
    ['*.push.example:443', 'eu.push.example:443', true],
    ['*.push.example:443', 'push.example:443', false],
    ['*.push.example:443', 'badpush.example:443', false],
    ['*:8448', 'anything.example:8448', true],
    ['*:8448', '10.0.0.1:8448', true],
    ['*:8448', 'anything.example:22', false],
    ['203.0.113.9:*', '203.0.113.9:1', true],
    ['[2001:db8::1]:443', '[2001:db8::1]:443', true],
    ['*:*', 'fcm.example', false],
    ['*:*', 'fcm.example:0', false],
    ['*:*', 'fcm.example:70000', false],
    ['*:*', 'http://fcm.example/', false],
    ['*:*', '', false],
  ] as const) {
    it(`${rule} ${isAllowed ? 'allows' : 'does not allow'} "${place}"`, () => {
      assert.equal(allowedPlace(place, rulesOf(rule)) !== undefined, isAllowed);
    });
  }

  it('is nothing where nothing is listed', () => assert.equal(allowedPlace('a.example:443', []), undefined));

  it('is not written in other ways', () => {
    for (const text of [
      '',
      'a.example',
      'a*.example:443',
      '*.:443',
      'a.example:0',
      'a.example:70000',
      '-a.example:1',
    ]) {
      assert.equal(parseEgressRule(text), undefined, text);
    }
  });
});

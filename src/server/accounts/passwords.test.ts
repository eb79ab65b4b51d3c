import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createPasswordHasher } from '../../adapters/passwords/index.ts';
import { Passwords } from './passwords.ts';

const DECOY = 'what an unknown user is checked against';
/** What other servers have stored, or taken, for "has no password". */
const SENTINELS = [
  '*',
  '!',
  '!!',
  'x',
  '\0',
  ' ',
  'null',
  'undefined',
  'None',
  'false',
  '0',
  'disabled',
  'nologin',
  '{}',
];

async function rig(): Promise<{ passwords: Passwords; hash: (password: string) => Promise<string> }> {
  const hasher = await createPasswordHasher({ cost: 'minimal' });
  return { passwords: new Passwords(hasher, DECOY), hash: (password) => hasher.hash(password) };
}

describe('no password stands for something else (adv-082)', () => {
  it('an account without one is opened by none, the one for unknown users included', async () => {
    const { passwords } = await rig();
    for (const password of [...SENTINELS, DECOY]) assert.equal(await passwords.verify(undefined, password), false);
  });

  it('what is stored is no password, whatever stands there', async () => {
    const { passwords, hash } = await rig();
    const stored = [...SENTINELS, '', await hash('the right one'), '$argon2id$v=19$m=8,t=1,p=1$$', '$argon2id$'];
    for (const one of stored)
      for (const password of [...stored, 'the wrong one']) assert.equal(await passwords.verify(one, password), false);
  });

  it('one that looks like such a word is a password like others, and opens nothing else', async () => {
    const { passwords, hash } = await rig();
    const word = fc.oneof(fc.constantFrom(...SENTINELS), fc.string({ minLength: 1, maxLength: 40 }));
    await fc.assert(
      fc.asyncProperty(word, word, async (own, other) => {
        const made = await hash(own);
        assert.equal(await passwords.verify(made, own), true);
        assert.equal(await passwords.verify(made, other), own === other);
        assert.equal(await passwords.verify(own, own), false);
      }),
      { numRuns: 60 },
    );
  });
});

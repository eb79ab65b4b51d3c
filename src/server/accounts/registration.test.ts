import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../adapters/clock/index.ts';
import { createRandom } from '../../adapters/random/index.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { UserId } from '../../matrix/ids.ts';
import { type AccountRecord, ConflictError, type RegistrationTokenRecord } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { AuthSession } from './interactive-auth.ts';
import { type NewAccount, Registration, type RegistrationMode } from './registration.ts';

const TOKEN: RegistrationTokenRecord = {
  token: 'tok',
  usesMax: 2,
  usesCompleted: 0,
  expiresAt: undefined,
} as unknown as RegistrationTokenRecord;

function harness(mode: RegistrationMode = 'open') {
  const clock = new FakeClock();
  const accounts = new Map<UserId, AccountRecord>();
  const names = new Map<UserId, string>();
  const used: string[] = [];
  let token: RegistrationTokenRecord | undefined = TOKEN;
  const store = {
    accounts: {
      findAccount: async (user: UserId) => accounts.get(user),
      countAccounts: async () => accounts.size,
      findRegistrationToken: async (text: string) => (token?.token === text ? token : undefined),
    },
    transact: async (write: (one: unknown) => unknown) =>
      write({
        accounts: {
          createAccount: (record: AccountRecord) => {
            if (accounts.has(record.user)) throw new ConflictError('accounts');
            accounts.set(record.user, record);
          },
          setProfileField: (user: UserId, _name: string, value: string) => names.set(user, value),
          useRegistrationToken: (text: string) => used.push(text),
        },
      }),
  };
  const context = { clock, store, random: createRandom(), serverName: 'a.example' } as unknown as Context;
  const registration = new Registration(context, mode);
  const create = async (account: Partial<NewAccount> = {}): Promise<UserId> => {
    const { user } = await registration.create(
      { localpart: 'bob', passwordHash: undefined, ...account },
      () => undefined,
    );
    return user;
  };
  const setToken = (changes: Partial<RegistrationTokenRecord> | undefined): void => {
    token = changes === undefined ? undefined : { ...TOKEN, ...changes };
  };
  return { clock, accounts, names, used, registration, create, setToken };
}

async function refusal(task: Promise<unknown>): Promise<string> {
  try {
    await task;
  } catch (error) {
    if (error instanceof MatrixError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('names of new accounts', () => {
  it('are folded to lower case, and shown as they were typed', async () => {
    const { create, names } = harness();
    assert.equal(await create({ localpart: 'Bob.Smith_1=-/+' }), '@bob.smith_1=-/+:a.example');
    assert.equal(names.get('@bob.smith_1=-/+:a.example' as UserId), '"Bob.Smith_1=-/+"');
  });

  it('hold the characters that are allowed, and are no numbers', async () => {
    const { registration } = harness();
    for (const wrong of ['', 'bób', 'bob smith', 'bob:x', '@bob', 'bob\n', '123', '__proto__\u0000', 'x'.repeat(245)]) {
      assert.equal(await refusal(registration.requireFree(wrong)), 'M_INVALID_USERNAME', JSON.stringify(wrong));
    }
    // "The length of a user ID, including the @ character and the server name, MUST NOT exceed 255 bytes."
    const longest = await registration.requireFree('x'.repeat(255 - '@:a.example'.length));
    assert.equal(longest.length, 255);
    assert.equal(await refusal(registration.requireFree('1a')), 'accepted');
  });

  it('are given out once', async () => {
    const { create, registration } = harness();
    await create();
    assert.equal(await refusal(registration.requireFree('BOB')), 'M_USER_IN_USE');
  });

  it('adv-085: go to one of two who ask at once', async () => {
    const { create } = harness();
    const outcomes = await Promise.all([refusal(create()), refusal(create())]);
    assert.deepEqual(outcomes.toSorted(), ['M_USER_IN_USE', 'accepted']);
  });

  it('are made up where none is wanted', async () => {
    const { create } = harness();
    assert.match(await create({ localpart: undefined }), /^@[a-z0-9]{12}:a\.example$/);
  });
});

describe('who may make an account', () => {
  const session = (registrationToken: string | undefined): AuthSession => ({
    id: 's',
    operation: 'register',
    completed: [],
    registrationToken,
  });

  it('is decided by the mode', async () => {
    const flows = async (mode: RegistrationMode) => (await harness(mode).registration.requirement()).flows;
    assert.deepEqual(await flows('open'), [['m.login.dummy']]);
    assert.deepEqual(await flows('token'), [['m.login.registration_token']]);
    assert.deepEqual(await flows('invite'), [['m.login.registration_token']]);
  });

  it('is nobody where registration is closed, but for the first account', async () => {
    const { registration, create } = harness('closed');
    assert.deepEqual((await registration.requirement()).flows, [['m.login.registration_token']]);
    await create();
    assert.equal(await refusal(registration.requirement()), 'M_FORBIDDEN');
  });

  it('is who has a token that is valid: not over, and not used up', async () => {
    const { clock, registration, setToken } = harness('token');
    const check = (await registration.requirement()).checks['m.login.registration_token'];
    const tried = async (auth: Record<string, string>): Promise<string> => {
      const given = session(undefined);
      const outcome = await refusal(check?.(auth, given) ?? Promise.reject(new Error('no check')));
      assert.equal(given.registrationToken, outcome === 'accepted' ? 'tok' : undefined);
      return outcome;
    };
    assert.equal(await tried({ token: 'tok' }), 'accepted');
    assert.equal(await tried({}), 'M_MISSING_PARAM');
    assert.equal(await tried({ token: 'other' }), 'M_UNAUTHORIZED');
    setToken({ expiresAt: clock.now() + 1000 });
    assert.equal(await tried({ token: 'tok' }), 'accepted');
    clock.advance(1000);
    assert.equal(await tried({ token: 'tok' }), 'M_UNAUTHORIZED');
    setToken({ usesCompleted: 1 });
    assert.equal(await tried({ token: 'tok' }), 'accepted');
    setToken({ usesCompleted: 2 });
    assert.equal(await tried({ token: 'tok' }), 'M_UNAUTHORIZED');
  });

  it('loses a token that was used up between the stage and the account', async () => {
    const { registration, setToken } = harness('token');
    assert.equal((await registration.tokenOf(session('tok')))?.token, 'tok');
    assert.equal(await registration.tokenOf(session(undefined)), undefined);
    setToken({ usesCompleted: 2 });
    assert.equal(await refusal(registration.tokenOf(session('tok'))), 'M_FORBIDDEN');
  });

  it('uses the token up with the account, and gets the rights that it gives', async () => {
    const { accounts, create, used } = harness('token');
    const admin = await create({ token: { ...TOKEN, admin: true } });
    assert.deepEqual([accounts.get(admin)?.admin, used], [true, ['tok']]);
    const plain = await create({ localpart: 'eve', token: { ...TOKEN, admin: false } });
    assert.equal(accounts.get(plain)?.admin, false);
  });
});

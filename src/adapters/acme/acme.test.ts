import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Answer, ScriptedAuthority, tlsAuthority } from '../../../test/certificates/scripted-authority.ts';
import { openGate } from '../../../test/harness/gate.ts';
import { TestAuthority } from '../../bench/remotes/certificates.ts';
import { whyUnusable } from '../../deploy/certificates/check.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Challenge, CertificateRequest, Issued, PrivateTexts } from '../../ports/certificates.ts';
import { systemClock } from '../clock/index.ts';
import { createAuthority } from './index.ts';

class Texts implements PrivateTexts {
  readonly kept = new Map<string, string>();
  read(name: string): string | undefined {
    return this.kept.get(name);
  }
  write(name: string, text: string): void {
    this.kept.set(name, text);
  }
  remove(name: string): void {
    this.kept.delete(name);
  }
}

/** A scripted authority and what is asked of it. */
async function scene(more: Record<string, unknown> = {}) {
  const scripted = await ScriptedAuthority.start();
  scripted.more = more;
  const texts = new Texts();
  const shown: Challenge[] = [];
  const http = openGate({ denyRanges: [], extraCa: [tlsAuthority.certificate] });
  const authority = createAuthority({
    http,
    clock: systemClock,
    texts,
    directory: scripted.directory,
    contact: [],
    termsAgreed: true,
    externalAccount: undefined,
  });
  const names = ['a.test'];
  const issue = (change: Partial<CertificateRequest> = {}): Promise<Issued> =>
    authority.issue({
      id: 'site',
      names,
      kind: 'http-01',
      present: async (challenge) => {
        shown.push(challenge);
        return () => void shown.splice(shown.indexOf(challenge), 1);
      },
      ready: async () => undefined,
      check: (certificate) => whyUnusable(certificate, { names, nowMs: Date.now() }),
      signal: new AbortController().signal,
      ...change,
    });
  return { scripted, texts, shown, authority, issue };
}

async function refusedWith(result: Promise<Issued>, why: RegExp): Promise<void> {
  const issued = await result;
  assert.ok('refused' in issued, 'it was issued');
  assert.match(issued.refused, why);
}

const problem = (type: string, detail: string, more: Partial<Answer> = {}): Answer => ({
  status: 400,
  body: { type: `urn:ietf:params:acme:error:${type}`, detail },
  ...more,
});

describe('an authority', () => {
  it('gives a certificate, and is asked for nothing unasked', async () => {
    const { scripted, shown, issue, texts } = await scene();
    assert.equal(scripted.asked.length, 0);
    const issued = await issue();
    assert.ok('certificate' in issued);
    assert.deepEqual(shown, []);
    assert.deepEqual([...texts.kept.keys()].map((one) => one.replace(/-[0-9a-f]{16}/, '')).toSorted(), [
      'account.json',
      'site.order.json',
    ]);
    // Each request names its own URL, a nonce, and by whom it is signed.
    for (const { path, header } of scripted.asked.filter((one) => one.header['alg'] !== undefined)) {
      assert.equal(header['url'], scripted.origin + path);
      assert.equal(typeof header['nonce'], 'string');
      assert.equal('jwk' in header, path === '/account');
    }
  });

  it('has one account for all orders, and is given the same key where it has forgotten it', async () => {
    const { scripted, issue } = await scene();
    await issue();
    const [account] = scripted.asked.filter(({ path }) => path === '/account');
    scripted.hook = (path, _, count) =>
      path === '/order' && count === 2 ? problem('accountDoesNotExist', 'who?') : undefined;
    assert.ok('certificate' in (await issue({ profile: undefined, names: ['a.test', 'a.test'] })));
    const accounts = scripted.asked.filter(({ path }) => path === '/account');
    assert.equal(accounts.length, 2);
    assert.deepEqual(accounts[1]?.header['jwk'], account?.header['jwk']);
  });

  it('is asked for a profile that it has, and not for one that it has not', async () => {
    const { scripted, issue } = await scene({ meta: { profiles: { shortlived: 'short', classic: 'long' } } });
    assert.ok('certificate' in (await issue({ profile: 'shortlived' })));
    const order = scripted.asked.find(({ path }) => path === '/order');
    assert.deepEqual(order?.payload, { identifiers: [{ type: 'dns', value: 'a.test' }], profile: 'shortlived' });
    await refusedWith(issue({ profile: 'other' }), /no profile other; it has shortlived, classic/);
  });

  it('says when to renew, and is told what is replaced', async () => {
    const { scripted, issue, authority } = await scene();
    scripted.more = { renewalInfo: `${scripted.origin}/renewal` };
    const issued = await issue();
    assert.ok('certificate' in issued);
    const { certificate } = issued.certificate;
    const window = { start: '2026-12-01T00:00:00Z', end: '2026-12-02T00:00:00Z' };
    scripted.hook = (path) =>
      path.startsWith('/renewal/')
        ? { body: { suggestedWindow: window }, headers: { 'Retry-After': '21600' } }
        : undefined;
    const { signal } = new AbortController();
    assert.deepEqual(await authority.renewalWindow(certificate, signal), {
      startAt: Date.parse(window.start),
      endAt: Date.parse(window.end),
      askAgainMs: 21_600_000,
    });
    const asked = scripted.asked.at(-1)?.path ?? '';
    assert.match(asked, /^\/renewal\/[0-9A-Za-z_-]{27}\.[0-9A-Za-z_-]{11,12}$/);
    await issue({ replaces: certificate });
    const order = scripted.asked.findLast(({ path }) => path === '/order');
    assert.deepEqual(order?.payload, {
      identifiers: [{ type: 'dns', value: 'a.test' }],
      replaces: asked.slice('/renewal/'.length),
    });
    // It may have been replaced already: then the order stands alone.
    scripted.hook = (path, payload) =>
      path === '/order' && 'replaces' in (payload as object)
        ? problem('alreadyReplaced', 'again?', { status: 409 })
        : undefined;
    assert.ok('certificate' in (await issue({ replaces: certificate, names: ['a.test', 'a.test'] })));
    for (const bad of [{}, { suggestedWindow: { start: window.end, end: window.start } }, { suggestedWindow: 5 }]) {
      scripted.hook = (path) => (path.startsWith('/renewal/') ? { body: bad } : undefined);
      assert.equal(await authority.renewalWindow(certificate, signal), undefined);
    }
  });

  it('finds the order of before the crash again', async () => {
    const { scripted, issue } = await scene();
    const controller = new AbortController();
    scripted.hook = (path) => {
      if (path === '/certificate') controller.abort();
      return path === '/certificate' ? 'hang' : undefined;
    };
    await assert.rejects(issue({ signal: controller.signal }), OperationError);
    scripted.hook = () => undefined;
    assert.ok('certificate' in (await issue()));
    assert.equal(scripted.asked.filter(({ path }) => path === '/order').length, 1);
  });
});

/** Each row: what the authority does, and what comes of it: a refusal, or a failure of this kind. */
type Row = readonly [
  name: string,
  path: string,
  answer: (scripted: ScriptedAuthority) => Answer,
  expected: RegExp | string,
];

const big = 'x'.repeat(400_000);
const ROWS: readonly Row[] = [
  ['a directory that is none', '/dir', () => ({ raw: '[]' }), 'bad answer'],
  ['a directory of numbers', '/dir', () => ({ body: { newNonce: 1, newAccount: 2, newOrder: 3 } }), 'bad answer'],
  ['a directory without end', '/dir', () => ({ raw: big }), 'answer too large'],
  [
    'a directory elsewhere',
    '/dir',
    () => ({ status: 302, headers: { Location: 'https://b.test/dir' } }),
    /answers 302/,
  ],
  ['the same key twice', '/dir', () => ({ raw: '{"newNonce":"a","newNonce":"b"}' }), 'bad answer'],
  ['no nonce', '/nonce', () => ({ headers: { 'Replay-Nonce': 'not one!' } }), 'bad answer'],
  [
    'an account at a foreign host',
    '/account',
    () => ({ status: 201, headers: { Location: 'https://b.test/1' } }),
    'bad answer',
  ],
  ['an account nowhere', '/account', () => ({ status: 201 }), 'bad answer'],
  [
    'a refusal in colours',
    '/account',
    () => problem('malformed', 'red \u001b[31mtext\u0007'),
    /malformed: red {2}\[31mtext $/,
  ],
  ['an order without authorizations', '/order', (one) => orderOf(one, { authorizations: [] }), 'bad answer'],
  [
    'authorizations at a foreign host',
    '/order',
    (one) => orderOf(one, { authorizations: ['https://b.test/a'] }),
    'bad answer',
  ],
  [
    'authorizations without TLS',
    '/order',
    (one) => orderOf(one, { authorizations: ['http://127.0.0.1/a'] }),
    'bad answer',
  ],
  [
    'another name',
    '/authorization',
    (one) => claim(one, { identifier: { type: 'dns', value: 'bank.test' } }),
    /bank\.test, which was not ordered/,
  ],
  ['no challenge of the kind', '/authorization', (one) => claim(one, { challenges: [] }), /does not take http-01/],
  ['challenges that are none', '/authorization', (one) => claim(one, { challenges: 'all' }), 'bad answer'],
  [
    'a token that is a path',
    '/authorization',
    (one) => claim(one, { challenges: [{ ...one.authorization('pending').challenges[0], token: '../../etc/passwd' }] }),
    'bad answer',
  ],
  [
    'a name that is not believed',
    '/authorization',
    (one) => ({ body: one.authorization('invalid') }),
    /does not believe that a\.test is ours/,
  ],
  [
    'an order that fails',
    '/order/1',
    (one) => ({ body: { ...one.order('invalid'), error: { detail: 'no luck' } } }),
    /the order has failed: no luck/,
  ],
  [
    'a limit of an hour',
    '/order',
    () => problem('rateLimited', 'slowly', { status: 429, headers: { 'Retry-After': '3600' } }),
    /rateLimited: slowly/,
  ],
  ['a chain without end', '/certificate', () => ({ raw: big }), 'answer too large'],
  ['no certificate', '/certificate', () => ({ raw: 'thanks' }), /no chain of certificates/],
  [
    'a broken certificate',
    '/certificate',
    () => ({ raw: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }),
    /no chain of certificates/,
  ],
];

/** The usual authorization with something else in it. */
function claim(scripted: ScriptedAuthority, change: object): Answer {
  return { body: { ...scripted.authorization('pending'), ...change } };
}

function orderOf(scripted: ScriptedAuthority, change: object): Answer {
  return {
    status: 201,
    headers: { Location: `${scripted.origin}/order/1` },
    body: { ...scripted.order('pending'), ...change },
  };
}

const NOT_OURS = ['b.test'];

describe('an authority that means ill', () => {
  for (const [name, path, answer, expected] of ROWS) {
    it(`is not believed: ${name}`, async () => {
      const { scripted, shown, issue } = await scene();
      scripted.hook = (asked) => (asked === path ? answer(scripted) : undefined);
      if (expected instanceof RegExp) await refusedWith(issue(), expected);
      else await assert.rejects(issue(), (error) => error instanceof OperationError && error.kind === expected);
      assert.deepEqual(shown, [], 'nothing is left to be seen');
    });
  }

  it('gives certificates for others, over already, or no chain', async () => {
    const { scripted, issue } = await scene();
    const foreign = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    for (const [change, why] of [
      [{ names: NOT_OURS }, /is not for a\.test/],
      [{ publicKey: foreign.publicKey }, /for another key/],
      [{ lifeMs: -500 }, /over already/],
    ] as const) {
      scripted.hook = (path) => (path === '/certificate' ? scripted.chain(change).then((raw) => ({ raw })) : undefined);
      await refusedWith(issue(), why);
    }
    const other = new TestAuthority().certificate;
    scripted.hook = (path) =>
      path === '/certificate' ? scripted.chain().then((raw) => ({ raw: raw + other })) : undefined;
    await refusedWith(issue(), /not a chain/);
    // A refused order is not gone on with.
    scripted.hook = () => undefined;
    assert.ok('certificate' in (await issue()));
  });

  it('is waited for where it says how long, and given up where that is too long', async () => {
    const { scripted, issue } = await scene();
    scripted.hook = (path, _, count) =>
      path === '/order' && count < 3
        ? problem('rateLimited', 'slowly', { status: 429, headers: { 'Retry-After': '0' } })
        : undefined;
    assert.ok('certificate' in (await issue()));
    scripted.hook = (path) =>
      path === '/order'
        ? problem('rateLimited', 'slowly', { status: 429, headers: { 'Retry-After': '99999999' } })
        : undefined;
    const refused = await issue({ names: ['a.test', 'a.test'] });
    assert.equal('refused' in refused ? refused.retryAfterMs : 0, 7 * 86_400_000);
  });

  it('refuses every nonce, and is not asked for ever', async () => {
    const { scripted, issue } = await scene();
    scripted.hook = (path) => (path === '/account' ? problem('badNonce', 'another one') : undefined);
    await refusedWith(issue(), /badNonce/);
    assert.equal(scripted.asked.filter(({ path }) => path === '/account').length, 21);
  });
});

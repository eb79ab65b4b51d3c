import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { doctorChinese } from '../../text/doctor/zh.ts';
import { doctorEnglish } from '../../text/doctor/en.ts';
import { fill } from '../../text/cli/index.ts';
import type { LookUp, NameFact, NetworkFacts, RouteFact, ShownCertificate } from '../topology/network-facts.ts';
import { FINDINGS, type FindingName } from './findings.ts';
import { MECHANISMS, OBSERVATIONS } from './mechanisms.ts';
import { diagnoseNetwork } from './network.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 24);
const lookUp = (...addresses: string[]): LookUp => ({ addresses, hasFailed: addresses.length === 0, answers: 1 });
const shown = (change: Partial<ShownCertificate> = {}): ShownCertificate => ({
  validFrom: NOW - 10 * DAY,
  validTo: NOW + 80 * DAY,
  issuer: 'CA',
  fits: true,
  isTrusted: true,
  ...change,
});

const GOOD_NAME: NameFact = {
  name: 'a.test',
  expected: ['192.0.2.1'],
  system: lookUp('192.0.2.1'),
  trusted: undefined,
};
const GOOD_ROUTE: RouteFact = {
  route: 'https://a.test:40443',
  host: 'a.test',
  port: 40_443,
  address: '192.0.2.1',
  tcp: 'open',
  isOtherPortOpen: undefined,
  bare: 'ok',
  other: 'ok',
  named: 'ok',
  after: undefined,
  residualMs: undefined,
  certificate: shown(),
  clockAheadMs: 900,
  transfer: { bytes: 70_000, ms: 300, hasStalled: false },
  passesLarge: true,
};
const GOOD: NetworkFacts = {
  viewpoint: 'server',
  nowMs: NOW,
  names: [GOOD_NAME],
  routes: [GOOD_ROUTE],
  ipv6: { hasAddress: true, works: true },
  certificates: [{ place: 'site', validFrom: NOW - 10 * DAY, validTo: NOW + 80 * DAY }],
  federation: [{ server: 'b.test', outcome: 'ok', why: '' }],
  delegation: { server: 'a.test', expected: 'a.test:40443', wellKnown: 'a.test:40443', services: [] },
  reach: [{ node: 'abroad', seenAddress: '192.0.2.1', isOwnAddress: true, ports: [{ port: 40_443, isOpen: true }] }],
  push: [{ host: 'push.test', isReached: true }],
  forbidden: { unlicensed: [], homePorts: [], guessable: [] },
};

const route = (change: Partial<RouteFact>): Partial<NetworkFacts> => ({ routes: [{ ...GOOD_ROUTE, ...change }] });
const name = (change: Partial<NameFact>): Partial<NetworkFacts> => ({ names: [{ ...GOOD_NAME, ...change }] });
const delegation = (wellKnown: string | undefined, ...services: string[]): Partial<NetworkFacts> => ({
  delegation: { server: 'a.test', expected: 'a.test:40443', wellKnown, services },
});
const reach = (isOwnAddress: boolean): Partial<NetworkFacts> => ({
  reach: [{ node: 'abroad', seenAddress: '192.0.2.9', isOwnAddress, ports: [{ port: 40_443, isOpen: false }] }],
});

/** Each row: the facts, and what is found with the one thing to type. */
const CASES: readonly (readonly [Partial<NetworkFacts>, ...string[]])[] = [
  [{}],
  [name({ system: lookUp('192.0.2.66') }), `name-poisoned: postern serve --network.hosts='{ a.test: "192.0.2.1" }'`],
  [{ ...name({ system: lookUp('192.0.2.66') }), viewpoint: 'user' }, 'name-poisoned: postern devices --os linux'],
  [
    name({ expected: [], system: lookUp('192.0.2.66'), trusted: lookUp('192.0.2.1') }),
    `name-poisoned: postern serve --network.hosts='{ a.test: "192.0.2.1" }'`,
  ],
  // A resolver of the owner's that fails proves nothing; nor does the owner's silence.
  [name({ expected: [], system: lookUp('192.0.2.66'), trusted: lookUp() })],
  [name({ expected: [], system: lookUp('192.0.2.66') })],
  [
    name({ system: { ...lookUp('192.0.2.1'), answers: 2 } }),
    `name-answered-twice: postern serve --network.hosts='{ a.test: "192.0.2.1" }'`,
  ],
  [
    { ...name({ expected: [], system: lookUp() }), ...route({ address: undefined, tcp: 'unreachable' }) },
    'name-not-found: postern plan',
  ],
  [route({ tcp: 'silent' }), 'address-blocked: ping -c 3 a.test'],
  [route({ tcp: 'unreachable', isOtherPortOpen: false }), 'address-blocked: ping -c 3 a.test'],
  [route({ tcp: 'silent', isOtherPortOpen: true }), 'port-blocked: postern plan'],
  [route({ tcp: 'refused', isOtherPortOpen: true }), 'port-blocked: postern plan'],
  [route({ tcp: 'refused' }), "nobody-listens: ss -ltn 'sport = :40443'"],
  [route({ named: 'reset' }), 'name-reset: postern plan'],
  [route({ named: 'closed' }), 'name-reset: postern plan'],
  [{ ...route({ named: 'reset' }), viewpoint: 'user' }, 'name-reset: postern plan'],
  [route({ named: 'silent' }), 'name-dropped: postern plan'],
  // A server that wants a name says so: that is an answer.
  [route({ named: 'reset', bare: 'failed', other: 'failed' }), 'name-reset: postern plan'],
  [route({ named: 'ok', bare: 'reset', other: 'reset' })],
  [route({ named: 'reset', other: 'reset' }), 'any-name-reset: postern plan'],
  [route({ named: 'reset', bare: 'reset', other: 'reset' }), 'tls-reset: postern plan'],
  [route({ named: 'silent', bare: 'silent', other: 'silent' }), 'tls-silent: postern plan'],
  [route({ named: 'reset', after: 'reset' }), 'name-reset: postern plan', 'residual-block: postern doctor --patient'],
  [route({ named: 'reset', after: 'ok' }), 'name-reset: postern plan'],
  [route({ certificate: shown({ validTo: NOW - 1 }) }), 'certificate-expired: postern cert renew'],
  [route({ certificate: shown({ fits: false }) }), 'certificate-wrong-name: postern cert show'],
  [route({ certificate: shown({ isTrusted: false }) }), 'certificate-untrusted: postern cert issue'],
  [
    route({ certificate: shown({ validFrom: NOW - 61 * DAY, validTo: NOW + 29 * DAY }) }),
    'certificate-ending: postern cert renew',
  ],
  [route({ certificate: shown({ validFrom: NOW - 60 * DAY, validTo: NOW + 30 * DAY }) })],
  [
    { certificates: [{ place: 'site', validFrom: NOW - 5 * DAY, validTo: NOW + DAY }] },
    'certificate-ending: postern cert renew',
  ],
  [
    { certificates: [{ place: 'site', validFrom: NOW - 5 * DAY, validTo: NOW }] },
    'certificate-expired: postern cert renew',
  ],
  [route({ clockAheadMs: -59_000 })],
  [route({ clockAheadMs: -61_000 }), 'clock-skewed: timedatectl set-ntp true'],
  [{ ipv6: { hasAddress: true, works: false } }, 'ipv6-broken: ip -6 route get 2001:db8::1'],
  [{ ipv6: { hasAddress: false, works: undefined } }],
  [route({ passesLarge: false }), 'large-packets-lost: tracepath -n 192.0.2.1'],
  [route({ transfer: { bytes: 17_000, ms: 100, hasStalled: true } }), 'connection-freezes: postern plan'],
  [route({ transfer: { bytes: 65_536, ms: 4_096, hasStalled: false } }), 'connection-throttled: postern plan'],
  [route({ transfer: { bytes: 65_536, ms: 1_200, hasStalled: false } }), 'line-slow: postern plan'],
  [
    { federation: [{ server: 'b.test', outcome: 'unreachable', why: 'timed out' }] },
    'federation-unreachable: postern plan',
  ],
  [
    { federation: [{ server: 'b.test', outcome: 'not authentic', why: 'a wrong signature' }] },
    'federation-not-authentic: postern plan',
  ],
  [delegation('b.test:443'), 'delegation-differs: curl https://a.test/.well-known/matrix/server'],
  [delegation(undefined, 'a.test:40443')],
  [delegation(undefined, 'a.test:8448'), 'services-differ: dig SRV _matrix-fed._tcp.a.test'],
  [delegation('a.test:40443', 'a.test:8448'), 'services-differ: dig SRV _matrix-fed._tcp.a.test'],
  [delegation(undefined), 'delegation-missing: postern plan'],
  [reach(true), 'port-not-reached: postern doctor --ask abroad'],
  [reach(false), 'port-not-forwarded: postern doctor --ask abroad'],
  [{ push: [{ host: 'push.test', isReached: false }] }, 'push-unreachable: postern plan'],
  [
    { forbidden: { ...GOOD.forbidden, unlicensed: [{ name: 'a.test', node: 'cloud', address: '192.0.2.1' }] } },
    'unlicensed-name-resolves: dig a.test',
  ],
  [
    { forbidden: { ...GOOD.forbidden, homePorts: [{ node: 'home', port: 443 }] } },
    'home-line-web-port: postern render --node home',
  ],
  [
    { forbidden: { ...GOOD.forbidden, guessable: [{ host: 'home.a.test', node: 'home' }] } },
    'guessable-label: postern plan',
  ],
];

describe('the doctor on the network', () => {
  for (const [index, [change, ...expected]] of CASES.entries()) {
    it(`finds ${expected.map((one) => one.split(':')[0]).join(', ') || 'nothing'} (${index})`, () => {
      const found = diagnoseNetwork({ ...GOOD, ...change });
      assert.deepEqual(
        found.map((one) => `${one.name}: ${one.command}`),
        expected,
      );
      for (const one of found) {
        for (const texts of [doctorEnglish, doctorChinese]) {
          const text = fill(texts[one.name], one.values);
          assert.doesNotMatch(text, /\{[a-z]+\}|undefined/i, text);
        }
      }
    });
  }

  it('has a row for each of its findings', () => {
    const local: ReadonlySet<string> = new Set(FINDINGS.slice(0, FINDINGS.indexOf('name-poisoned')));
    const seen = new Set(CASES.flatMap(([, ...expected]) => expected.map((one) => one.split(':')[0] ?? '')));
    assert.deepEqual([...seen].toSorted(), FINDINGS.filter((one) => !local.has(one)).toSorted());
  });

  it('says of each mechanism what it shows, or why it cannot be seen', () => {
    assert.deepEqual(Object.keys(OBSERVATIONS), [...MECHANISMS]);
    const known: ReadonlySet<FindingName> = new Set(FINDINGS);
    for (const mechanism of MECHANISMS) {
      const observation = OBSERVATIONS[mechanism];
      if ('notObservable' in observation) assert.ok(observation.notObservable.length > 20);
      else assert.ok(observation.findings.length > 0 && observation.findings.every((one) => known.has(one)));
    }
  });
});

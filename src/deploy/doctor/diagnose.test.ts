import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LocalFacts } from '../topology/facts.ts';
import { diagnose, isAtLeast } from './diagnose.ts';
import type { FindingName } from './findings.ts';

const GOOD: LocalFacts = {
  nodeVersion: '24.21.0',
  sqliteVersion: '3.51.3',
  hasFullTextSearch: true,
  packages: ['better-sqlite3-multiple-ciphers', 'pg', 'sodium-native', '@node-rs/argon2', 'sharp'].map((name) => ({
    name,
    isPresent: true,
  })),
  dataDir: { path: '/data', exists: true, isWritable: true, mode: 0o700, freeBytes: 2 ** 40 },
  signingKey: { path: '/data/signing.key', exists: true, mode: 0o600 },
  webClientBuilt: true,
  ports: [{ address: '::', port: 8008, state: 'free' }],
  config: {
    serverName: 'example.org',
    publicBaseUrl: 'https://example.org',
    registrationMode: 'token',
    engine: 'sqlite',
    isEncrypted: false,
    rateLimits: true,
    passwordCost: 'standard',
    listensPublicly: true,
    hasTls: false,
  },
};

function found(changes: Partial<LocalFacts>): FindingName[] {
  return diagnose({ ...GOOD, ...changes }).map((one) => one.name);
}

function configured(changes: Partial<LocalFacts['config']>): Partial<LocalFacts> {
  return { config: { ...GOOD.config, ...changes } };
}

function without(...names: string[]): Pick<LocalFacts, 'packages'> {
  return { packages: GOOD.packages.map((one) => (names.includes(one.name) ? { ...one, isPresent: false } : one)) };
}

const local = { listensPublicly: false };

/** Each row: what is found, and the facts for it. */
const CASES: readonly (readonly [readonly FindingName[], Partial<LocalFacts>])[] = [
  [[], {}],
  [['node-too-old'], { nodeVersion: '24.15.9' }],
  [['node-too-old'], { nodeVersion: '25.9.0' }],
  [[], { nodeVersion: '26.0.0' }],
  [['sqlite-too-old'], { sqliteVersion: '3.51.2' }],
  [['sqlite-too-old'], { sqliteVersion: '3.50.6' }],
  [[], { sqliteVersion: '3.50.7' }],
  [[], { sqliteVersion: '3.44.6' }],
  [['sqlite-too-old'], { sqliteVersion: '3.45.9' }],
  [['no-full-text-search'], { hasFullTextSearch: false }],
  [['data-dir-not-writable'], { dataDir: { ...GOOD.dataDir, isWritable: false, mode: 0o777 } }],
  [['data-dir-open'], { dataDir: { ...GOOD.dataDir, mode: 0o750 } }],
  [[], { dataDir: { ...GOOD.dataDir, exists: false, mode: 0o777 } }],
  [['disk-nearly-full'], { dataDir: { ...GOOD.dataDir, freeBytes: 1000 } }],
  [[], { dataDir: { ...GOOD.dataDir, freeBytes: undefined, mode: undefined } }],
  [['signing-key-open'], { signingKey: { path: '/k', exists: true, mode: 0o640 } }],
  [[], { signingKey: { path: '/k', exists: false, mode: 0o644 } }],
  [[], { signingKey: undefined }],
  [['no-sharp', 'no-sodium', 'no-argon2'], without('sodium-native', '@node-rs/argon2', 'sharp')],
  [[], without('pg', 'better-sqlite3-multiple-ciphers')],
  [['no-postgres-package'], { ...without('pg'), ...configured({ engine: 'postgres' }) }],
  [['no-encryption-package'], { ...without('better-sqlite3-multiple-ciphers'), ...configured({ isEncrypted: true }) }],
  [['web-client-missing'], { webClientBuilt: false }],
  [['port-taken'], { ports: [{ address: '::', port: 80, state: 'foreign' }] }],
  [['port-forbidden'], { ports: [{ address: '::', port: 80, state: 'forbidden' }] }],
  [['address-unknown'], { ports: [{ address: '192.0.2.1', port: 80, state: 'unknown-address' }] }],
  [[], { ports: [{ address: '::', port: 80, state: 'ours' }] }],
  [['no-rate-limits'], configured({ rateLimits: false })],
  [[], configured({ rateLimits: false, ...local })],
  [['weak-passwords'], configured({ passwordCost: 'minimal', ...local })],
  [['open-registration-in-public'], configured({ registrationMode: 'open' })],
  [[], configured({ registrationMode: 'open', ...local })],
  [['plain-http-in-public'], configured({ publicBaseUrl: 'http://example.org' })],
  [[], configured({ publicBaseUrl: 'http://example.org', hasTls: true })],
  [['localhost-in-public'], configured({ serverName: 'localhost' })],
  [['localhost-in-public'], configured({ serverName: 'localhost:8008' })],
  [[], configured({ serverName: 'localhost.example.org' })],
  [[], configured({ serverName: 'localhost', ...local })],
];

describe('the doctor', () => {
  for (const [index, [names, facts]] of CASES.entries()) {
    it(`finds ${names.join(', ') || 'nothing'} (${index})`, () => {
      assert.deepEqual(found(facts), names);
    });
  }

  it('tells the gravest first', () => {
    const facts = { ...without('sodium-native'), webClientBuilt: false, hasFullTextSearch: false };
    assert.deepEqual(found(facts), ['no-full-text-search', 'web-client-missing', 'no-sodium']);
  });

  it('names in every finding one thing to type', () => {
    for (const [, facts] of CASES) for (const one of diagnose({ ...GOOD, ...facts })) assert.notEqual(one.command, '');
  });

  it('compares versions by their numbers', () => {
    assert.deepEqual(
      [isAtLeast('3.9.0', '3.10.0'), isAtLeast('3.10', '3.9.9'), isAtLeast('3', '3.0')],
      [false, true, true],
    );
  });
});

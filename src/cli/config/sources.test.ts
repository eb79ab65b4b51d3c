import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkConfig } from './check.ts';
import type { Config } from './schema.ts';
import { ConfigError, environmentName, readEnvironment, readFileSource, readFlags } from './sources.ts';

function fromFlags(...flags: [string, string][]): Config {
  return checkConfig(readFlags(Object.fromEntries(flags)));
}

function mistakes(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('sources of the configuration', () => {
  it('override one another: file, environment, flags', () => {
    const file = readFileSource('log: { level: warn, format: json }\ndataDir: ./file', 'postern.yaml');
    const environment = readEnvironment({ POSTERN_LOG__LEVEL: 'error', POSTERN_DATA_DIR: './env', PATH: '/bin' });
    const config = checkConfig([file, ...environment, ...readFlags({ 'log.level': 'debug' })]);
    assert.deepEqual(config.log, { level: 'debug', format: 'json' });
    assert.equal(config.dataDir, './env');
  });

  it('read flags in both ways of writing, and the later of two', () => {
    assert.equal(fromFlags(['rateLimits.enabled', 'false']).rateLimits.enabled, false);
    assert.equal(fromFlags(['rate-limits.enabled', 'false']).rateLimits.enabled, false);
    assert.equal(fromFlags(['log.level', 'warn'], ['log.level', 'error']).log.level, 'error');
  });

  it('read numbers, lists and maps as YAML', () => {
    assert.equal(fromFlags(['media.maxUploadBytes', '1000']).media.maxUploadBytes, 1000);
    const listeners = "[{ address: '::', port: 1, apis: [client] }]";
    assert.deepEqual(fromFlags(['listeners', listeners]).listeners, [{ address: '::', port: 1, apis: ['client'] }]);
    assert.deepEqual(fromFlags(['signingKey', '{ file: other.key }']).signingKey, { file: 'other.key' });
  });

  it('read a text as it is, whatever YAML would make of it', () => {
    for (const secret of ['12', '0x10', 'true', '#secret', '*secret', 'a # b', '"quoted', '&a b', '- x', '1e3']) {
      const env = readEnvironment({ POSTERN_REGISTRATION__SHARED_SECRET: secret });
      assert.equal(checkConfig(env).registration.sharedSecret, secret);
      assert.equal(fromFlags(['dataDir', '12']).dataDir, '12');
    }
    assert.equal(fromFlags(['rooms.defaultVersion', '11']).rooms.defaultVersion, '11');
  });

  it('read null for a key that may be empty', () => {
    const file = readFileSource('publicBaseUrl: https://file.example', 'postern.yaml');
    for (const text of ['null', '~', '']) {
      assert.equal(checkConfig([file, ...readFlags({ publicBaseUrl: text })]).publicBaseUrl, null);
    }
  });

  it('name the nearest key for one that does not exist', () => {
    assert.deepEqual(
      mistakes(() => readFlags({ 'log.levle': 'warn' })),
      ['--log.levle: no such key; did you mean --log.level?'],
    );
    assert.deepEqual(
      mistakes(() => readEnvironment({ POSTERN_LOG__LEVLE: 'warn' })),
      ['POSTERN_LOG__LEVLE: no such key; did you mean POSTERN_LOG__LEVEL?'],
    );
    assert.equal(environmentName(['rateLimits', 'enabled']), 'POSTERN_RATE_LIMITS__ENABLED');
  });

  it('tell the line where YAML cannot be read', () => {
    assert.match(mistakes(() => readFileSource('log:\n  level: [', 'p.yaml'))[0] ?? '', /^p\.yaml:\d: /);
    assert.match(mistakes(() => readFileSource('log: 1\nlog: 2', 'p.yaml'))[0] ?? '', /^p\.yaml:2: .*unique/);
    assert.match(mistakes(() => readFileSource('log: *there', 'p.yaml'))[0] ?? '', /^p\.yaml: .*alias/);
    assert.match(mistakes(() => readFlags({ listeners: '*there' }))[0] ?? '', /^--listeners: .*alias/);
  });
});

describe('the check of the configuration', () => {
  it('tells every mistake at once, each with its place', () => {
    const text = 'log:\n  level: loud\n  colour: red\nmedia: 5\npush:\n  enabled: true\n';
    const found = mistakes(() => checkConfig([readFileSource(text, 'p.yaml')]));
    assert.equal(found.length, 4);
    assert.match(found[0] ?? '', /^p\.yaml:2: log\.level is "loud"; allowed is one of debug, info, warn, error/);
    assert.match(
      found[1] ?? '',
      /^p\.yaml:3: log\.colour is no key of the configuration; known here are level, format/,
    );
    assert.match(found[2] ?? '', /^p\.yaml:4: media is 5; allowed is a map/);
    assert.match(found[3] ?? '', /^p\.yaml:6: push\.enabled is true, which is not yet supported/);
  });

  it('names no key that objects inherit', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      const found = mistakes(() => checkConfig([readFileSource(`log: { ${name}: 1 }`, 'p.yaml')]));
      assert.match(found[0] ?? '', new RegExp(`log\\.${name} is no key`));
    }
  });

  it('refuses what keys do not allow together', () => {
    const cases: [Record<string, string>, RegExp][] = [
      [{ serverName: 'not a name' }, /^serverName is "not a name"/],
      [{ 'storage.engine': 'postgres' }, /storage\.url is not set/],
      [
        { 'storage.engine': 'postgres', 'storage.url': 'postgres://h/d', 'storage.encryption.key': 'k' },
        /storage\.encryption works with storage\.engine: sqlite only/,
      ],
      [{ listeners: '[]' }, /^listeners is empty/],
      [{ 'media.remoteRetention': 'a month' }, /^media\.remoteRetention is "a month"; allowed is .*30d/],
      [{ 'network.trustedProxies': '[10.0.0.1, "::1/128", 10.0.0.0/33]' }, /^network\.trustedProxies\[2\] is/],
      [{ 'network.trustedProxies': '[proxy.example]' }, /^network\.trustedProxies\[0\] is "proxy\.example"/],
      [{ listeners: '[{ address: a, port: 1, apis: [push] }]' }, /"push", which is not yet supported/],
    ];
    for (const [flags, expected] of cases) {
      const found = mistakes(() => fromFlags(...Object.entries(flags)));
      assert.equal(found.length, 1);
      assert.match(found[0] ?? '', expected);
    }
  });

  it('refuses addresses, names and pins that are none, with what is allowed', () => {
    const pin = `sha256/${'A'.repeat(43)}=`;
    const good = [
      { 'network.hosts': '{ "hs2.test": 127.0.1.2, v6.test: "::1" }' },
      { 'network.denyRanges': '[]' },
      { 'network.proxy': 'socks5://user:secret@127.0.0.1:1080' },
      { 'federation.overrides': `{ a.example: { connect: ["203.0.113.20:8448", "[::1]:1", h:2], pin: "${pin}" } }` },
      { 'federation.allow': '[a.example, "[::1]:8448"]', 'federation.trustedKeyServers': '[a.example:1]' },
      { 'federation.publicName': 'matrix.example.org:443' },
    ];
    for (const flags of good) fromFlags(...Object.entries(flags));
    const bad: [Record<string, string>, RegExp][] = [
      [{ 'network.hosts': '{ a.test: b.test }' }, /^network\.hosts\.a\.test is "b\.test"; allowed is an IP address/],
      [{ 'network.hosts': '{ "a.test:1": 127.0.0.1 }' }, /names "a\.test:1"; allowed is a host name without a port/],
      [{ 'network.denyRanges': '[10.0.0.0/33]' }, /^network\.denyRanges\[0\] is "10\.0\.0\.0\/33"; allowed is/],
      [{ 'network.proxy': 'ftp://user:secret@h' }, /^network\.proxy is no proxy; allowed is http:\/\/(?!.*secret)/],
      [{ 'federation.allow': '["a b"]' }, /^federation\.allow\[0\] is "a b"; allowed is a server name/],
      [{ 'federation.trustedKeyServers': '[""]' }, /^federation\.trustedKeyServers\[0\] is ""/],
      [{ 'federation.publicName': 'https://x' }, /^federation\.publicName is "https:\/\/x"; allowed is a host/],
      [{ 'federation.overrides': '{ a.example: { connect: [] } }' }, /a\.example\.connect is empty; list at least/],
      [{ 'federation.overrides': '{ a.example: { connect: [h] } }' }, /connect\[0\] is "h"; allowed is "host:port"/],
      [{ 'federation.overrides': '{ a.example: { connect: ["h:70000"] } }' }, /connect\[0\] is "h:70000"/],
      [{ 'federation.overrides': '{ a.example: { connect: ["h:1"], pin: x } }' }, /\.pin is "x"; allowed is sha256/],
      [{ 'federation.overrides': '{ "a b": { connect: ["h:1"] } }' }, /names "a b"; allowed is a server name/],
      [{ 'federation.retry.initialMs': '10', 'federation.retry.maxMs': '5' }, /initialMs is 10, more than maxMs \(5\)/],
    ];
    for (const [flags, expected] of bad) {
      const found = mistakes(() => fromFlags(...Object.entries(flags)));
      assert.equal(found.length, 1, JSON.stringify([flags, found]));
      assert.match(found[0] ?? '', expected);
    }
  });

  it('never fails otherwise than by telling mistakes', () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(
        fc.constantFrom('log', 'storage', 'listeners', 'media', 'mail', 'signingKey'),
        json,
        (name, value) => {
          mistakes(() => checkConfig([{ value: { [name]: value }, place: () => 'x' }]));
        },
      ),
      { numRuns: 100 },
    );
  });
});

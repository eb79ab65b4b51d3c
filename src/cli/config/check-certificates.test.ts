import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkConfig } from './check.ts';

const PEER = { key: 'ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg', dial: ['a.test:1'] };
const TLS = { address: '::', port: 443, apis: ['client'], tls: { managed: 'site' } };
const PLAIN = { address: '::', port: 80, apis: ['acme'] };
const directory = 'https://ca.test/dir';

interface Case {
  readonly says: RegExp | undefined;
  readonly certificates: Record<string, unknown>;
  readonly listeners?: unknown[];
  readonly peer?: object;
}

const site = (more: object) => ({ directory, managed: { site: { names: ['a.test'], ...more } } });

const CASES: readonly Case[] = [
  { says: undefined, certificates: {}, listeners: [PLAIN] },
  { says: undefined, certificates: site({ challenge: 'tls-alpn-01' }) },
  { says: undefined, certificates: site({ challenge: 'http-01' }), listeners: [PLAIN, TLS] },
  { says: undefined, certificates: site({ challenge: 'dns-01', names: ['a.test', '*.a.test'], shipTo: ['node'] }) },
  {
    says: undefined,
    certificates: { managed: { site: { names: ['a.test'], from: 'node' } } },
    peer: { ...PEER, carries: ['certificates'] },
  },
  {
    says: /directory is not set/,
    certificates: { managed: { site: { names: ['a.test'], challenge: 'tls-alpn-01' } } },
  },
  { says: /begins with https/, certificates: { ...site({ challenge: 'tls-alpn-01' }), directory: 'http://ca.test/' } },
  { says: /contact\[0\]/, certificates: { ...site({ challenge: 'tls-alpn-01' }), contact: ['a@b.test'] } },
  { says: /no base64url/, certificates: { externalAccount: { keyId: 'x', key: '+/' } }, listeners: [PLAIN] },
  { says: /either challenge .* or from/, certificates: site({}) },
  { says: /either challenge .* or from/, certificates: site({ challenge: 'dns-01', from: 'node' }) },
  { says: /no listener without tls has the api "acme"/, certificates: site({ challenge: 'http-01' }) },
  { says: /no listener has tls: \{managed/, certificates: site({ challenge: 'tls-alpn-01' }), listeners: [PLAIN] },
  { says: /which dns-01 cannot prove/, certificates: site({ challenge: 'dns-01', names: ['192.0.2.1'] }) },
  { says: /only dns-01 can prove/, certificates: site({ challenge: 'tls-alpn-01', names: ['*.a.test'] }) },
  { says: /allowed is a host name/, certificates: site({ challenge: 'dns-01', names: ['a..test'] }) },
  { says: /links.peers has no such node/, certificates: site({ challenge: 'dns-01', shipTo: ['other'] }) },
  { says: /may not send/, certificates: { managed: { site: { names: ['a.test'], from: 'node' } } } },
  { says: /no such name/, certificates: {} },
  {
    says: /zone.nameServer/,
    certificates: {
      ...site({ challenge: 'dns-01' }),
      zone: { name: 'a.test', nameServer: '192.0.2.1', listeners: [{ address: '::', port: 53 }] },
    },
  },
  {
    says: /letters, digits/,
    certificates: {
      directory,
      managed: { site: { names: ['a.test'], challenge: 'dns-01' }, 'a/b': { names: ['a.test'], challenge: 'dns-01' } },
    },
  },
];

describe('the configuration of certificates', () => {
  for (const [index, { says, certificates, listeners = [TLS], peer = PEER }] of CASES.entries()) {
    it(`${says === undefined ? 'is taken' : `is refused: ${says.source}`} (${index})`, () => {
      const value = { listeners, certificates, links: { peers: { node: peer } } };
      const check = () => checkConfig([{ place: () => 'test', value }]);
      if (says === undefined) check();
      else assert.throws(check, says);
    });
  }
});

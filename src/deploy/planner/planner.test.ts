import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderConfig } from '../render/config.ts';
import { parseTopology } from '../topology/check.ts';
import type { Topology } from '../topology/topology.ts';
import { planTopology } from './index.ts';
import type { Plan } from './plan.ts';

const KEY = 'ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg';
const PIN = `sha256/${'A'.repeat(43)}=`;

const abroad = {
  zone: 'world',
  role: ['homeserver'],
  server: 'friends.example.net',
  addr: ['203.0.113.20'],
  listen: [443, 8448],
  key: KEY,
};
const cloud = { zone: 'cn-idc', role: ['homeserver'], addr: ['198.51.100.80'], listen: [41_443], key: KEY };
const home = { zone: 'cn-home', role: ['relay'], addr: 'dynamic', listen: [40_443], key: KEY };
const routes = ['https://k3f9.example.org:40443'];
const links = [
  { from: 'home', to: 'cloud' },
  { from: 'cloud', to: 'abroad' },
];
const tunnel = { name: 'example.org', option: '4t', nodes: { abroad, cloud, home }, links, routes, linkPath: '/x' };

function topologyOf(value: object): Topology {
  const { topology, mistakes } = parseTopology(value);
  assert.ok(topology !== undefined, JSON.stringify(mistakes));
  return topology;
}

const planOf = (value: object): Plan => planTopology(topologyOf(value));
const warnings = (value: object): string[] => planOf(value).warnings.map(({ name }) => name);
const flows = (value: object): string[] =>
  planOf(value).flows.map(({ from, to, purpose, sni }) => `${from} ${purpose} ${to} ${sni}`);

function configOf(value: object, name: string): Record<string, unknown> {
  const topology = topologyOf(value);
  const node = topology.nodes.get(name);
  assert.ok(node !== undefined);
  return renderConfig(topology, node).config;
}

describe('the planner', () => {
  it('shows the data centre no name where there are links', () => {
    const plan = planOf(tunnel);
    const idc = plan.sees.find(({ party }) => party === 'idc');
    assert.deepEqual([...new Set(idc?.connections.map(({ sni }) => sni))], [null]);
    assert.deepEqual(idc?.lookups, []);
    assert.deepEqual(
      idc?.learns.map(({ name }) => name),
      ['sees-no-name', 'sees-sizes', 'sees-disk'],
    );
  });

  it('shows it the name where the relay passes TLS on as it is, and says so', () => {
    const bare = { ...tunnel, option: 4, links: [], nodes: { cloud, home } };
    const idc = planOf(bare).sees.find(({ party }) => party === 'idc');
    assert.deepEqual(idc?.connections, [{ from: 'home', to: 'cloud', sni: 'k3f9.example.org' }]);
    assert.ok(warnings(bare).includes('shows-name-to-idc'));
    assert.equal(planOf(bare).layout, '4');
    assert.equal(planOf({ ...tunnel, option: 4 }).layout, '4t');
  });

  it('never has a server dialled beside its link: a second way would show the name', () => {
    assert.deepEqual(flows(tunnel), [
      'users-inside client home k3f9.example.org',
      'users-outside client abroad friends.example.net',
      'home link cloud null',
      'cloud link abroad null',
    ]);
    assert.deepEqual(configOf(tunnel, 'abroad')['federation'], {
      overrides: { 'example.org': { connect: ['link:cloud'] } },
    });
  });

  it('does as the file says of other ways, and shows what they show', () => {
    const connect = ['link:abroad', '203.0.113.20:8448'];
    const own = { ...tunnel, federationOverrides: { 'Friends.example.net': { connect, order: 'race', pin: PIN } } };
    assert.ok(flows(own).includes('cloud federation abroad friends.example.net'));
    assert.deepEqual(configOf(own, 'cloud')['federation'], {
      overrides: { 'friends.example.net': { connect, order: 'race', pin: PIN } },
    });
  });

  it("keeps overrides of servers that are in nobody's file", () => {
    const others = { ...tunnel, federationOverrides: { 'third.example.com': { connect: ['192.0.2.7:8448'] } } };
    for (const name of ['abroad', 'cloud']) {
      const { overrides } = configOf(others, name)['federation'] as { overrides: Record<string, unknown> };
      assert.deepEqual(overrides['third.example.com'], { connect: ['192.0.2.7:8448'] });
    }
    assert.equal(configOf(others, 'home')['federation'], undefined);
  });

  it('says which servers cannot reach each other', () => {
    const apart = {
      name: 'example.org',
      option: 12,
      nodes: {
        home: { zone: 'cn-home', role: ['homeserver'], nat: 'cgnat', key: KEY },
        front: { zone: 'world', role: ['relay'], addr: ['203.0.113.9'], listen: [443], key: KEY },
        abroad,
      },
      links: [{ from: 'home', to: 'front' }],
      routes: ['https://example.org'],
    };
    const found = planOf(apart).warnings.filter(({ name }) => name === 'servers-apart');
    assert.deepEqual(
      found.map(({ values }) => values),
      [{ from: 'abroad', to: 'home' }],
    );
  });

  it("says that servers of nobody's file find a name only where it is public, at a port that they try", () => {
    assert.ok(warnings(tunnel).includes('found-by-own-only'));
    const front = (listen: number[], route: string) => ({
      name: 'example.org',
      option: 12,
      nodes: {
        home: { zone: 'cn-home', role: ['homeserver'], nat: 'cgnat', key: KEY },
        front: { zone: 'world', role: ['relay'], addr: ['203.0.113.9'], listen, key: KEY },
      },
      links: [{ from: 'home', to: 'front' }],
      routes: [route],
    });
    assert.ok(!warnings(front([443], 'https://example.org')).includes('found-by-own-only'));
    assert.ok(warnings(front([4443], 'https://example.org:4443')).includes('found-by-own-only'));
    assert.ok(warnings(front([443], 'https://chat.example.org')).includes('found-by-own-only'));
  });

  it('asks for a record of SRV where servers would not find the port', () => {
    const alone = {
      name: 'example.org',
      option: 1,
      nodes: { abroad: { ...abroad, server: undefined, listen: [8443] } },
    };
    const srv = planOf(alone).dns.add.filter(({ type }) => type === 'SRV');
    assert.deepEqual(srv, [{ name: '_matrix-fed._tcp.example.org', type: 'SRV', value: '10 0 8443 example.org' }]);
    assert.ok(planOf(alone).certificates.every(({ method }) => method === 'dns-01'));
  });

  it("names the keys that are missing, of the node's own peers only", () => {
    const topology = topologyOf({ ...tunnel, nodes: { abroad: { ...abroad, key: undefined }, cloud, home } });
    const missing = [...topology.nodes.values()].map((node) => renderConfig(topology, node).missingKeys);
    assert.deepEqual(missing, [[], ['abroad'], []]);
  });

  it('has certificates issued by one node and sent to another over their link', () => {
    const certificates = { directory: 'https://acme.example/directory', contact: [], termsAgreed: true };
    const issuing = {
      ...tunnel,
      certificates,
      nodes: { ...tunnel.nodes, abroad: { ...abroad, role: ['homeserver', 'acme'] } },
    };
    type Managed = { certificates: { managed: Record<string, object>; zone?: object; directory?: string } };
    const { certificates: theirs, ...inside } = configOf(issuing, 'cloud') as Managed & Record<string, unknown>;
    const names = ['example.org', '*.example.org'];
    assert.deepEqual(theirs, { managed: { cloud: { names, from: 'abroad' } } });
    assert.match(JSON.stringify(inside), /"abroad":\{[^}]*"carries":\["federation","certificates"\]/);
    assert.match(JSON.stringify(inside), /"tls":\{"managed":"cloud"\}/);
    const { certificates: ours } = configOf(issuing, 'abroad') as Managed;
    assert.deepEqual(ours.managed['cloud'], { names, challenge: 'dns-01', shipTo: ['cloud'] });
    assert.deepEqual(ours.managed['abroad'], { names: ['friends.example.net'], challenge: 'tls-alpn-01' });
    assert.equal(ours.directory, certificates.directory);
    const records = planOf(issuing).dns.add.filter(({ type }) => type === 'NS' || type === 'CNAME');
    assert.deepEqual(
      records.map(({ name, type }) => `${name} ${type}`),
      ['acme.friends.example.net NS', '_acme-challenge.example.org CNAME'],
    );
    assert.deepEqual(
      warnings(issuing).filter((name) => name.startsWith('acme')),
      ['acme-zone'],
    );
    // Without a link nobody can send it: the node asks by itself, and somebody adds the record.
    const apart = configOf({ ...issuing, links: links.slice(0, 1) }, 'cloud') as Managed;
    assert.deepEqual(apart.certificates.managed, { cloud: { names, challenge: 'dns-01' } });
  });

  it('takes the topology of the handbook, and says what of it is not built', () => {
    const handbook = {
      name: 'example.org',
      option: 4,
      nodes: {
        abroad: { ...abroad, role: ['homeserver', 'push', 'acme', 'notary'], addr: ['203.0.113.20', '2001:db8::20'] },
        cloud: { ...cloud, publicDns: false, licence: 'none' },
        home: { ...home, role: ['relay', 'dns'], nat: 'upnp', ddns: { label: 'random' } },
      },
      links: [
        { from: 'home', to: 'cloud', dial: 'home', sni: 'none' },
        { from: 'cloud', to: 'abroad', dial: 'cloud', sni: 'none', fallback: ['wss://abroad:443/x/secret', 'webrtc'] },
      ],
      federationOverrides: {
        'friends.example.net': {
          connect: ['link:abroad', '203.0.113.20:8448', '[2001:db8::20]:8448'],
          order: 'race',
          pin: PIN,
          key: 'ed25519:a_Bc',
        },
      },
      routes: [...routes, 'webrtc://198.51.100.80:41443#fp=abc', 'https://203.0.113.20:443'],
      linkPath: '/x/secret',
      devices: { doh: 'https://k3f9.example.org:40443/dns', zone: 'example.org' },
      push: { via: 'abroad' },
    };
    assert.deepEqual(warnings(handbook).toSorted(), [
      'acme-idle',
      'address-moves',
      'certificate-short',
      'found-by-own-only',
      'not-built-dns',
      'not-built-doh',
      'not-built-fallback',
      'not-built-push',
      'not-built-push-via',
      'override-key-unused',
      'route-of-other-server',
    ]);
    const { links } = configOf(handbook, 'cloud') as { links: { peers: { abroad: { dial: string[] } } } };
    const dial = ['203.0.113.20:443', '[2001:db8::20]:443', 'wss://abroad:443/x/secret'];
    assert.deepEqual(links.peers.abroad.dial, dial, 'the site is tried after the addresses');
  });

  it('states duties wherever something stands inside, and leaves the decision to the operator', () => {
    const names = (value: object): string[] => planOf(value).duties.map(({ name }) => name);
    assert.deepEqual(names({ name: 'example.org', option: 1, nodes: { abroad: { ...abroad, server: undefined } } }), [
      'duty-own-nodes',
    ]);
    const licensed = {
      name: 'example.org',
      option: 2,
      nodes: { cloud: { ...cloud, publicDns: true, licence: 'filed' } },
    };
    assert.deepEqual(names(licensed), [
      'duty-own-nodes',
      'duty-filing',
      'duty-idc-terms',
      'duty-record',
      'duty-decide',
    ]);
    assert.ok(names(tunnel).includes('duty-home-terms'));
  });
});

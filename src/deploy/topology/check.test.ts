import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { topologyTexts } from '../../text/topology/index.ts';
import { drawPlan } from '../planner/picture.ts';
import { describePlan } from '../planner/describe.ts';
import { planTopology } from '../planner/index.ts';
import { planTexts } from '../../text/plan/index.ts';
import { parseTopology } from './check.ts';
import { mistakeText } from './describe.ts';
import { type MistakeName, showPath } from './mistakes.ts';

type Plain = Record<string, unknown>;

const KEY = 'ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg';

const abroad = { zone: 'world', role: ['homeserver'], addr: ['203.0.113.20'], listen: [443, 8448] };
const cloud = { zone: 'cn-idc', role: ['homeserver'], addr: ['198.51.100.80'], listen: [41_443] };
const home = { zone: 'cn-home', role: ['relay'], addr: 'dynamic', listen: [40_443] };
const friends = { ...abroad, server: 'friends.example.net', addr: ['203.0.113.21'] };
const routes = ['https://k3f9.example.org:40443'];

const one: Plain = { name: 'example.org', option: 1, nodes: { abroad } };
const two: Plain = { ...one, option: 2, nodes: { cloud: { ...cloud, publicDns: true, licence: 'filed' } } };
const three: Plain = { ...one, option: 3, nodes: { cloud } };
const four: Plain = { ...one, option: 4, nodes: { cloud, home }, routes };
const tunnel: Plain = { ...four, option: '4t', links: [{ from: 'home', to: 'cloud' }] };
const twelve: Plain = {
  ...one,
  option: 12,
  nodes: {
    home: { zone: 'cn-home', role: ['homeserver'], nat: 'cgnat' },
    front: { zone: 'world', role: ['relay'], addr: ['203.0.113.20'], listen: [443] },
  },
  links: [{ from: 'home', to: 'front' }],
  routes: ['https://example.org'],
};

function withNode(base: Plain, name: string, changes: Plain): Plain {
  const nodes = base['nodes'] as Record<string, Plain>;
  return { ...base, nodes: { ...nodes, [name]: { ...nodes[name], ...changes } } };
}

function found(value: unknown): [string, MistakeName][] {
  return (parseTopology(value).mistakes ?? []).map((mistake) => [showPath(mistake.path), mistake.name]);
}

const linked = (link: Plain, base: Plain = four): Plain => ({ ...base, links: [link] });
const overridden = (connect: string[], base: Plain): Plain => ({
  ...base,
  federationOverrides: { 'friends.example.net': { connect } },
});

/** Each row: one thing that is wrong, where, and its name. */
// biome-ignore format: a table reads better in rows
const REFUSALS: readonly (readonly [string, MistakeName, unknown])[] = [
  // Shape.
  ['', 'no-map', []],
  ['nodes', 'no-map', { ...one, nodes: [] }],
  ['nodes', 'no-nodes', { name: 'example.org', option: 1 }],
  ['nodes.abroad', 'no-map', { ...one, nodes: { abroad: 'world' } }],
  ['nodes.a b', 'wrong-node-name', { ...one, nodes: { abroad, 'a b': friends } }],
  ['name', 'missing', { ...one, name: undefined }],
  ['name', 'wrong-value', { ...one, name: 'example org' }],
  ['option', 'missing', { ...one, option: null }],
  ['option', 'wrong-value', { ...one, option: 15 }],
  ['option', 'option-not-built', { ...one, option: 8 }],
  ['optoin', 'unknown-key-near', { ...one, optoin: 1 }],
  ['somethingElse', 'unknown-key', { ...one, somethingElse: 1 }],
  ['nodes.abroad.zone', 'wrong-value', withNode(one, 'abroad', { zone: 'cn-isp' })],
  ['nodes.abroad.zone', 'missing', withNode(one, 'abroad', { zone: undefined })],
  ['nodes.abroad.role', 'no-role', withNode(one, 'abroad', { role: undefined })],
  ['nodes.abroad.role', 'no-list', withNode(one, 'abroad', { role: 'homeserver' })],
  ['nodes.abroad.role[1]', 'wrong-value', withNode(one, 'abroad', { role: ['homeserver', 'cook'] })],
  ['nodes.abroad.listne', 'unknown-key-near', withNode(one, 'abroad', { listne: [443] })],
  ['nodes.abroad.listen[1]', 'wrong-value', withNode(one, 'abroad', { listen: [443, 70_000] })],
  ['nodes.abroad.addr[0]', 'wrong-value', withNode(one, 'abroad', { addr: ['203.0.113.300'] })],
  ['nodes.abroad.key', 'wrong-value', withNode(one, 'abroad', { key: 'ed25519:short' })],
  ['links', 'no-list', { ...one, links: {} }],
  ['links[0].sni', 'wrong-value', linked({ from: 'home', to: 'cloud', sni: 'example.org' })],
  ['links[0].to', 'missing', linked({ from: 'home' })],
  ['routes[0]', 'wrong-value', { ...one, routes: ['http://example.org'] }],
  ['federationOverrides.friends.example.net.connect[0]', 'wrong-value', overridden(['example.net'], one)],
  ['federationOverrides.a b', 'wrong-server-name', { ...one, federationOverrides: { 'a b': { connect: ['a:1'] } } }],
  ['federationOverrides.a.connect', 'no-connect', { ...one, federationOverrides: { a: { connect: [] } } }],
  ['federationOverrides.a.connect', 'no-connect', { ...one, federationOverrides: { a: { order: 'race' } } }],
  ['federationOverrides.a.b', 'unknown-key', { ...one, federationOverrides: { a: { connect: ['a:1'], b: 1 } } }],
  ['certificates.directory', 'wrong-value', { ...one, certificates: { directory: 'http://acme.example' } }],
  ['certificates.contact[0]', 'wrong-value', { ...one, certificates: { directory: 'https://a.b', contact: ['x'] } }],
  ['push.via', 'unknown-node', { ...one, push: { via: 'nowhere' } }],
  // Servers and roles.
  ['name', 'name-is-address', { ...one, name: '203.0.113.20' }],
  ['name', 'name-is-address', { ...one, name: '[2001:db8::20]:8448' }],
  ['nodes.b.server', 'name-is-address', { ...one, nodes: { abroad, b: { ...friends, server: '203.0.113.9' } } }],
  ['nodes', 'own-server-missing', withNode(one, 'abroad', { server: 'friends.example.net' })],
  ['nodes.b.server', 'server-twice', { ...one, nodes: { abroad, b: { ...abroad, listen: [444] } } }],
  ['nodes.home.server', 'server-without-homeserver', withNode(four, 'home', { server: 'a.example.org' })],
  ['nodes.b.role', 'nothing-to-run', { ...one, nodes: { abroad, b: { zone: 'world', role: ['dns'] } } }],
  ['nodes.home.role', 'relay-and-homeserver', withNode(four, 'home', { role: ['relay', 'homeserver'], server: 'b.c' })],
  ['nodes.more.role', 'several-relays', withNode(four, 'more', { ...home, listen: [40_444] })],
  ['nodes.home.listen', 'relay-ports', withNode(four, 'home', { listen: [40_443, 40_444] })],
  ['nodes.b.listen', 'place-twice', { ...one, nodes: { abroad, b: { ...friends, addr: ['203.0.113.20'] } } }],
  ['nodes.b.listen', 'homeserver-no-port', { ...one, nodes: { abroad, b: { ...friends, listen: [] } } }],
  // Ports and public names.
  ...[53, 80, 443].map((port) => {
    const changed = { ...withNode(four, 'home', { listen: [port] }), routes: [`https://k3f9.example.org:${port}`] };
    return ['nodes.home.listen[0]', 'home-port', changed] as const;
  }),
  ['nodes.cloud.listen[0]', 'idc-port', withNode(three, 'cloud', { listen: [443] })],
  ['nodes.home.ddns.label', 'guessable-label', {
    ...withNode(four, 'home', { ddns: { label: 'nas' } }),
    routes: ['https://nas.example.org:40443'],
  }],
  ['routes[0]', 'guessable-label', { ...four, routes: ['https://home.example.org:40443'] }],
  ['nodes.home.ddns.label', 'label-unused', withNode(four, 'home', { ddns: { label: 'x2y8' } })],
  // What each option has.
  ['nodes.abroad.zone', 'option-zone', { ...one, option: 3 }],
  ['nodes.cloud.zone', 'option-nothing-inside', { ...one, nodes: { abroad, cloud: { ...cloud, server: 'b.c' } } }],
  ['nodes.cloud.publicDns', 'option-public-needed', withNode(two, 'cloud', { publicDns: false })],
  ['nodes.cloud.publicDns', 'option-public-forbidden', withNode(three, 'cloud', { publicDns: true, licence: 'filed' })],
  ['nodes', 'option-needs-relay', { ...four, nodes: { cloud } }],
  ['nodes.home.role', 'option-no-relay', { ...four, option: 3 }],
  ['nodes.home.zone', 'option-relay-zone', withNode(four, 'home', { zone: 'world' })],
  ['links', 'option-needs-link', { ...tunnel, links: [] }],
  ['nodes.home.role', 'relay-no-way', withNode(four, 'cloud', { addr: 'dynamic' })],
  ['nodes.abroad.listen', 'homeserver-no-port', {
    ...withNode(one, 'abroad', { listen: [] }),
    nodes: { abroad: { ...abroad, listen: [] }, b: friends },
    routes: ['https://friends.example.net'],
  }],
  ['routes', 'option-needs-routes', { ...one, option: 5 }],
  ['pathSecret', 'option-needs-path-secret', { ...one, option: 6 }],
  ['pathSecret', 'wrong-value', { ...one, option: 6, pathSecret: 'short' }],
  ['routes', 'option-needs-webrtc', { ...one, option: 7 }],
  ['routes', 'option-needs-address', { ...one, option: 9, routes: ['https://example.org'] }],
  ['links', 'option-needs-abroad', {
    ...one,
    option: 11,
    nodes: { cloud, b: friends },
    routes: ['webrtc://198.51.100.80:41443'],
  }],
  ['routes[0]', 'route-nowhere', { ...one, option: 7, routes: ['webrtc://203.0.113.99:443', 'https://example.org'] }],
  // Links.
  ['links[0].to', 'unknown-node', linked({ from: 'home', to: 'clod' })],
  ['links[0]', 'link-self', linked({ from: 'home', to: 'home' })],
  ['links[1]', 'link-twice', { ...tunnel, links: [{ from: 'home', to: 'cloud' }, { from: 'cloud', to: 'home' }] }],
  ['links[0].dial', 'link-dial', linked({ from: 'home', to: 'cloud', dial: 'abroad' })],
  ['links[0].dial', 'link-target-cgnat', linked({ from: 'front', to: 'home' }, twelve)],
  ['links[0].dial', 'link-target-silent', linked(
    { from: 'front', to: 'home' },
    withNode(twelve, 'home', { nat: 'none' }),
  )],
  ['links[0].dial', 'link-target-unplaced', linked(
    { from: 'front', to: 'home' },
    withNode(twelve, 'home', { nat: 'none', listen: [8443] }),
  )],
  ['links[0].dial', 'link-into-home', linked(
    { from: 'front', to: 'home' },
    withNode(twelve, 'home', { nat: 'none', listen: [8443], addr: ['198.51.100.50'] }),
  )],
  ['links[0].fallback[0]', 'fallback-path', linked({ from: 'home', to: 'cloud', fallback: ['wss://shop.example/x'] })],
  ['federationOverrides.friends.example.net.connect[0]', 'override-no-link',
    overridden(['link:abroad'], withNode(three, 'abroad', friends))],
  ['federationOverrides.friends.example.net.connect[0]', 'override-other-server', overridden(['link:cloud'], three)],
  ['federationOverrides.friends.example.net.connect[0]', 'unknown-node', overridden(['link:clod'], three)],
  // Routes.
  ['routes', 'routes-missing', { ...four, routes: [] }],
  ['routes[0]', 'route-nowhere', { ...four, routes: ['https://k3f9.example.org:41443'] }],
  ['routes[0]', 'route-several', {
    ...one,
    nodes: { abroad, b: { ...friends, addr: ['203.0.113.20'] } },
    routes: ['https://203.0.113.20'],
  }],
  ['routes[0]', 'route-address-at-relay', {
    ...withNode(four, 'home', { addr: ['198.51.100.50'] }),
    routes: ['https://198.51.100.50:40443'],
  }],
  ['routes[0]', 'route-no-certificate', { ...three, routes: ['https://198.51.100.80:41443'] }],
];

describe('a topology', () => {
  it('of each option that is built is taken', () => {
    for (const value of [one, two, three, four, tunnel, twelve]) assert.deepEqual(found(value), []);
  });

  for (const [place, name, value] of REFUSALS) {
    it(`is refused: ${name} at ${place || 'the root'}`, () => {
      const all = found(value);
      assert.deepEqual(
        all.find((mistake) => mistake[1] === name),
        [place, name],
      );
      // What follows from a mistake may be told beside it, but not a heap.
      assert.ok(all.length <= 2, JSON.stringify(all));
    });
  }

  it('has a test for every mistake that there is', () => {
    const elsewhere = ['too-many', 'label-random', 'no-homeserver', 'unlicensed-public-name', 'option-licence'];
    const tested = new Set([...elsewhere, ...REFUSALS.map(([, name]) => name)]);
    assert.deepEqual([...tested].toSorted(), Object.keys(topologyTexts('C').mistakes).toSorted());
  });

  it('is refused for a public record of an unlicensed host, and for ports at once', () => {
    const value = withNode(three, 'cloud', { publicDns: true, listen: [443, 41_443] });
    assert.deepEqual(found(value), [
      ['nodes.cloud.listen[0]', 'idc-port'],
      ['nodes.cloud.publicDns', 'unlicensed-public-name'],
      ['nodes.cloud.publicDns', 'option-public-forbidden'],
    ]);
    assert.deepEqual(
      found(withNode(two, 'cloud', { licence: 'none', listen: [8448] })).map(([, name]) => name),
      ['unlicensed-public-name', 'option-licence'],
    );
  });

  it('knows an address however it is written, and no address of a link', () => {
    const value = (addr: string, route: string) => ({ ...withNode(one, 'abroad', { addr: [addr] }), routes: [route] });
    assert.deepEqual(found(value('2001:DB8:0::20', 'https://[2001:db8::0:20]')), []);
    assert.deepEqual(found(value('fe80::1%eth0', 'https://example.org')), [['nodes.abroad.addr[0]', 'wrong-value']]);
  });

  it('without a homeserver is refused', () => {
    const names = found({ ...one, nodes: { home } }).map(([, name]) => name);
    assert.ok(names.includes('no-homeserver'), String(names));
  });

  it('with more nodes or links than anybody has is refused, and not read to the end', () => {
    const nodes = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`n${index}`, abroad]));
    assert.deepEqual(found({ ...one, nodes }), [['nodes', 'too-many']]);
    const links = Array.from({ length: 257 }, () => ({ from: 'home', to: 'cloud' }));
    assert.deepEqual(found({ ...tunnel, links }), [['links', 'too-many']]);
  });

  it('with a label to be drawn and no route says what to write', () => {
    const value = { ...withNode(four, 'home', { ddns: { label: 'random' } }), routes: [] };
    assert.deepEqual(found(value), [
      ['nodes.home.ddns.label', 'label-random'],
      ['routes', 'routes-missing'],
    ]);
  });

  it('tells every mistake at once, in words without open places, in both languages', () => {
    for (const texts of [topologyTexts('C'), topologyTexts('zh_CN.UTF-8')]) {
      for (const [, , value] of REFUSALS) {
        for (const mistake of parseTopology(value).mistakes ?? []) {
          assert.doesNotMatch(mistakeText(mistake, texts), /\{[a-z]+\}/);
        }
      }
    }
    const words = parseTopology({ ...one, option: 15, nodes: { abroad: { ...abroad, nat: 'odd' } } }).mistakes ?? [];
    assert.deepEqual(
      words.map((mistake) => mistakeText(mistake, topologyTexts('C'))),
      [
        'option is 15; allowed is one of 1, 2, 3, 4, 4t, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14',
        'nodes.abroad.nat is "odd"; allowed is one of none, upnp, manual, cgnat',
      ],
    );
  });

  it('of any JSON is a list of mistakes or a plan that can be told and drawn', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void judge(value)),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(almostTopology, (value) => void judge(value)),
      { numRuns: 1_000 },
    );
  });

  it('that is nearly right is often right, or the test before says little', () => {
    const right = fc.sample(almostTopology, { numRuns: 1_000, seed: 7 }).filter(judge);
    assert.ok(right.length > 10, String(right.length));
  });
});

function judge(value: unknown): boolean {
  const { topology, mistakes } = parseTopology(value);
  if (topology === undefined) {
    assert.ok(mistakes.length > 0);
    for (const mistake of mistakes) mistakeText(mistake, topologyTexts('C'));
    return false;
  }
  const plan = planTopology(topology);
  const texts = planTexts('C');
  assert.doesNotMatch(describePlan(plan, texts).join('\n'), /\{[a-z]+\}/);
  assert.match(drawPlan(plan, texts), /^<svg [\s\S]*<\/svg>\n$/);
  return true;
}

const mostly = (good: fc.Arbitrary<unknown>, bad: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 1 })) =>
  fc.oneof({ weight: 30, arbitrary: good }, { weight: 1, arbitrary: bad });
const almostNode = fc.record(
  {
    zone: mostly(fc.constantFrom('world', 'cn-idc', 'cn-home')),
    role: mostly(fc.subarray(['homeserver', 'relay', 'notary', 'dns'], { minLength: 1, maxLength: 2 })),
    server: mostly(fc.constantFrom('friends.example.net', 'b.example.net:8448', undefined, undefined)),
    addr: mostly(fc.constantFrom('dynamic', ['203.0.113.20'], ['198.51.100.80', '2001:db8::20'])),
    listen: mostly(fc.subarray([443, 8448, 40_443, 41_443])),
    nat: fc.constantFrom('none', 'cgnat', undefined),
    publicDns: fc.constantFrom(true, false, undefined),
    licence: fc.constantFrom('none', 'filed'),
    key: fc.constantFrom(KEY, undefined),
  },
  { requiredKeys: ['zone', 'role', 'listen', 'addr'] },
);
const almostTopology = fc.record(
  {
    name: mostly(fc.constantFrom('example.org', 'example.org:8448')),
    option: mostly(fc.constantFrom(1, 2, 3, 4, '4t', 12)),
    nodes: fc.oneof(
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), almostNode, { minKeys: 1 }),
      fc.constantFrom(...[one, two, three, four, tunnel, twelve].map((base) => base['nodes'])),
    ),
    links: mostly(
      fc.array(
        fc.record({
          from: fc.constantFrom('a', 'home', 'cloud'),
          to: fc.constantFrom('b', 'cloud', 'front'),
        }),
        { maxLength: 2 },
      ),
    ),
    routes: mostly(
      fc.subarray(
        [
          'https://k3f9.example.org:40443',
          'https://203.0.113.20',
          'https://example.org',
          'webrtc://203.0.113.20:1#fp=a',
        ],
        { maxLength: 2 },
      ),
    ),
    devices: fc.constantFrom(undefined, { zone: 'example.org' }, { doh: 'https://example.org/dns' }),
  },
  { requiredKeys: ['name', 'option', 'nodes'] },
);

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { liveZone } from './live-zone.ts';
import { addressesOf, parseZone, type Zone, type ZoneSource } from './zone.ts';

function zoneOf(records: ZoneSource['records']): Zone {
  const parsed = parseZone({ zone: 'dyn.test', ttlSeconds: 300, records });
  assert.ok('zone' in parsed, JSON.stringify(parsed));
  return parsed.zone;
}

function mistakesOf(records: ZoneSource['records']): readonly string[] {
  const parsed = parseZone({ zone: 'dyn.test', ttlSeconds: 300, records });
  return 'mistakes' in parsed ? parsed.mistakes : [];
}

describe('a zone with moving names', () => {
  const records = [
    { name: 'k3.dyn.test', type: 'A', value: 'link:home' },
    { name: 'k3.dyn.test', type: 'AAAA', value: 'link:home' },
    { name: 'chat.dyn.test', type: 'CNAME', value: 'k3.dyn.test' },
    { name: 'still.dyn.test', type: 'A', value: '192.0.2.7' },
  ] as const;

  it('tells the address from which the link of the node came last, of its own family', () => {
    const addresses = new Map<string, string>();
    const zone = liveZone(zoneOf(records), (node) => addresses.get(node));
    assert.deepEqual(addressesOf(zone, 'k3.dyn.test'), []);
    addresses.set('home', '198.51.100.9');
    assert.deepEqual(addressesOf(zone, 'chat.dyn.test'), ['198.51.100.9']);
    addresses.set('home', '2001:db8::9');
    assert.deepEqual(addressesOf(zone, 'k3.dyn.test'), ['2001:db8::9']);
    assert.equal(zone.names.get('k3.dyn.test')?.has('A'), false);
    assert.deepEqual(addressesOf(zone, 'still.dyn.test'), ['192.0.2.7']);
  });

  it('has a name that is there before its node has come', () => {
    const zone = liveZone(zoneOf(records), () => undefined);
    assert.ok(zone.names.has('k3.dyn.test'));
  });

  it('is asked again within a minute', () => {
    assert.equal(liveZone(zoneOf(records), () => undefined).ttlSeconds, 60);
    assert.equal(liveZone(zoneOf(records.slice(3)), () => undefined).ttlSeconds, 300);
  });

  it('refuses a node for other types, and beside a CNAME', () => {
    const alias = { name: 'k3.dyn.test', type: 'CNAME', value: 'still.dyn.test' } as const;
    assert.match(mistakesOf([...records, alias])[0] ?? '', /a CNAME stands alone/);
    const text = { name: 'a.dyn.test', type: 'SRV', value: 'link:home' } as const;
    assert.match(mistakesOf([text])[0] ?? '', /"link:home"; allowed is "PRIORITY/);
    const other = { name: 'a.dyn.test', type: 'A', value: 'link:a b' } as const;
    assert.match(mistakesOf([other])[0] ?? '', /allowed is an IPv4 address, or link:NODE/);
  });
});

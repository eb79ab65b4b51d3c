import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Config, ConfigSchema } from '../../cli/config/schema.ts';
import { defaultsOf } from '../../cli/config/tree.ts';
import { AddressGate, isPrivateAddress } from './address-gate.ts';

const defaults = (defaultsOf(ConfigSchema) as Config).network.denyRanges;

/** Addresses that nothing outside may make us connect to: ranges of the RFCs, their edges, and their disguises. */
const INSIDE = words(
  '0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254',
  '172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1',
  '198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255',
  ':: ::1 fc00::1 fdff:ffff::1 fe80::1 febf::1 fec0::1 ff02::1 ff0e::1 100::1 2001:db8::1 2001:db8:ffff::1',
  // IPv4 inside IPv6: mapped, compatible, translated, NAT64 (both prefixes), 6to4, Teredo, ISATAP.
  '::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.1.2.3 ::ffff:a9fe:a9fe ::127.0.0.1 ::10.0.0.1 ::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::a00:1 64:ff9b::a9fe:a9fe',
  '2002:7f00:1::1 2002:0a00:0001:: 2002:c0a8:0101::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:0:7f00:1::',
  '2001:0:808:808::80ff:fffe 2600:1::5efe:7f00:1 2600:1::200:5efe:a00:1',
  // No addresses at all.
  'localhost 127.1.2.3.4 256.1.1.1 1.2.3.4/8 [::1] fe80::1%eth0 ::ffff:127.0.0.1%1',
);

const OUTSIDE = words(
  '1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.1.1 198.17.255.255 223.255.255.255',
  '126.255.255.255 128.0.0.1 2600::1 2a00:1450::1 ::ffff:8.8.8.8 2600:1::200:5efe:808:808',
);

function words(...lines: string[]): string[] {
  return lines.flatMap((line) => line.split(' '));
}

describe('addresses that outgoing requests may reach', () => {
  it('adv-108 adv-109 adv-110 none that is private, in whatever disguise', () => {
    const gate = new AddressGate(defaults);
    assert.deepEqual(
      INSIDE.filter((address) => !gate.denies(address)),
      [],
    );
    assert.deepEqual(
      OUTSIDE.filter((address) => gate.denies(address)),
      [],
    );
  });

  it('follow the owner: ranges of their own, with the disguises of those alone', () => {
    const gate = new AddressGate(['10.0.0.0/8', 'fd00::/8', '192.0.2.7']);
    for (const one of ['10.1.1.1', '::ffff:10.1.1.1', '64:ff9b::10.1.1.1', '2002:a01:1::', 'fd00::1', '192.0.2.7']) {
      assert.equal(gate.denies(one), true, one);
    }
    for (const one of ['127.0.0.1', '::1', '192.0.2.8', '64:ff9b::8.8.8.8', 'fc00::1']) {
      assert.equal(gate.denies(one), false, one);
    }
  });

  it('are all of them where no range is denied, and nothing that is no address', () => {
    const gate = new AddressGate([]);
    for (const one of ['127.0.0.1', '::1', '10.0.0.1', '::ffff:127.0.0.1']) assert.equal(gate.denies(one), false, one);
    assert.equal(gate.denies('localhost'), true);
    assert.equal(gate.denies(''), true);
  });

  it('count as private where only the own network reaches them', () => {
    for (const one of ['127.0.0.1', '10.0.0.1', '::1', 'fd00::1', '::ffff:10.0.0.1']) {
      assert.equal(isPrivateAddress(one), true, one);
    }
    for (const one of ['8.8.8.8', '2600::1', 'example.org']) assert.equal(isPrivateAddress(one), false, one);
  });
});

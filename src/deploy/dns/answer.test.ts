import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Answer,
  decode as decodePacket,
  type DecodedPacket,
  encode,
  type Packet,
  RECURSION_DESIRED,
} from 'dns-packet';
import fc from 'fast-check';
import { answerTruncated, createAnswerer } from './answer.ts';
import { addressesOf, parseZone, type Zone, type ZoneSource } from './zone.ts';

const SOURCE: ZoneSource = {
  zone: 'Example.org',
  ttlSeconds: 300,
  records: [
    { name: 'example.org', type: 'A', value: '198.51.100.80' },
    { name: 'example.org', type: 'AAAA', value: '2001:db8:0::1' },
    { name: 'example.org', type: 'HTTPS', value: '1 . alpn=h2,http/1.1 port=8443 ipv4hint=198.51.100.80 ipv6hint=::1' },
    { name: 'chat.example.org', type: 'CNAME', value: 'web.example.org' },
    { name: 'web.example.org', type: 'CNAME', value: 'example.org' },
    { name: 'far.example.org', type: 'CNAME', value: 'example.com' },
    { name: 'gone.example.org', type: 'CNAME', value: 'nothing.example.org' },
    { name: '_matrix-fed._tcp.example.org', type: 'SRV', value: '10 5 8448 example.org' },
    { name: 'text.example.org', type: 'TXT', value: 'é'.repeat(300) },
    ...Array.from({ length: 30 }, (_, index) => ({
      name: 'large.example.org',
      type: 'TXT' as const,
      value: `${index} ${'x'.repeat(900)}`,
    })),
  ],
};

function zoneOf(source: ZoneSource): Zone {
  const parsed = parseZone(source);
  assert.ok('zone' in parsed, JSON.stringify(parsed));
  return parsed.zone;
}

const zone = zoneOf(SOURCE);
const answer = createAnswerer(zone);

/** The types of the library leave the code out. */
function decode(message: Uint8Array | undefined): DecodedPacket & { readonly rcode?: string } {
  return decodePacket(Buffer.from(message ?? []));
}

function question(name: string, type: string, more: Packet = {}): Buffer {
  return encode({
    type: 'query',
    id: 4_711,
    flags: RECURSION_DESIRED,
    questions: [{ name, type: type as 'A' }],
    ...more,
  });
}

const edns = (udpPayloadSize: number, ednsVersion = 0): Packet => ({
  additionals: [
    { type: 'OPT', name: '.', udpPayloadSize, extendedRcode: 0, ednsVersion, flags: 0, flag_do: false, options: [] },
  ],
});

function ask(name: string, type: string, more: Packet = {}) {
  const answered = answer(question(name, type, more), 'udp');
  assert.ok(answered !== undefined);
  return { ...decode(answered.message), ...answered };
}

const datas = (answers: readonly Answer[] | undefined) =>
  (answers ?? []).map((one) => ('data' in one ? one.data : undefined));

describe('the zone answers', () => {
  it('with the records of a name, whatever its case, and as nobody’s resolver', () => {
    const { answers, questions, flag_aa, flag_ra, flag_rd, id, freshSeconds } = ask('eXample.ORG', 'A');
    assert.deepEqual(datas(answers), ['198.51.100.80']);
    assert.deepEqual(questions, [{ name: 'eXample.ORG', type: 'A', class: 'IN' }]);
    assert.deepEqual([flag_aa, flag_ra, flag_rd, id, freshSeconds], [true, false, true, 4_711, 300]);
    assert.deepEqual(datas(ask('example.org', 'AAAA').answers), ['2001:db8::1']);
  });

  it('with services, texts in pieces, and HTTPS parameters in their order', () => {
    const [service] = datas(ask('_matrix-fed._tcp.example.org', 'SRV').answers);
    assert.deepEqual(service, { priority: 10, weight: 5, port: 8448, target: 'example.org' });
    const [text] = datas(ask('text.example.org', 'TXT', edns(4096)).answers) as unknown as Buffer[][];
    assert.deepEqual(
      text?.map((one) => one.length),
      [255, 255, 90],
    );
    assert.equal(Buffer.concat(text ?? []).toString(), 'é'.repeat(300));
    const [https] = datas(ask('example.org', 'UNKNOWN_65').answers) as Buffer[];
    assert.equal(
      https?.toString('hex'),
      `000100${'0001000c' + '026832' + '08687474702f312e31'}${'000300' + '0220fb'}${'00040004' + 'c6336450'}` +
        `${'00060010' + '0'.repeat(31)}1`,
    );
  });

  it('over aliases, as far as they stay within', () => {
    assert.deepEqual(datas(ask('chat.example.org', 'A').answers), ['web.example.org', 'example.org', '198.51.100.80']);
    const far = ask('far.example.org', 'A');
    assert.deepEqual([far.rcode, datas(far.answers), far.authorities], ['NOERROR', ['example.com'], []]);
    const gone = ask('gone.example.org', 'A');
    assert.deepEqual(
      [gone.rcode, datas(gone.answers), gone.authorities?.length],
      ['NXDOMAIN', ['nothing.example.org'], 1],
    );
    assert.deepEqual(datas(ask('chat.example.org', 'CNAME').answers), ['web.example.org']);
    assert.deepEqual(addressesOf(zone, 'chat.example.org'), ['198.51.100.80', '2001:db8::1']);
  });

  it('that there is no such name, or no such record of it, with the SOA', () => {
    const rows: [name: string, type: string, rcode: string][] = [
      ['no.example.org', 'A', 'NXDOMAIN'],
      ['no.chat.example.org', 'A', 'NXDOMAIN'],
      ['example.org', 'TXT', 'NOERROR'],
      ['example.org', 'MX', 'NOERROR'],
      ['example.org', 'DS', 'NOERROR'],
      ['_tcp.example.org', 'A', 'NOERROR'],
    ];
    for (const [name, type, rcode] of rows) {
      const { rcode: found, authorities, flag_aa, freshSeconds } = ask(name, type);
      const soa = authorities?.[0];
      assert.deepEqual([found, soa?.type, soa?.name, flag_aa], [rcode, 'SOA', 'example.org', true], `${name} ${type}`);
      assert.equal(freshSeconds, 60);
    }
  });

  it('with what every zone has', () => {
    const [soa] = datas(ask('example.org', 'SOA').answers) as unknown as { mname: string; minimum: number }[];
    assert.deepEqual([soa?.mname, soa?.minimum], ['example.org', 60]);
    assert.deepEqual(datas(ask('example.org', 'NS').answers), ['example.org']);
    assert.deepEqual(datas(ask('example.org', 'ANY').answers), [{ cpu: 'RFC8482', os: '' }]);
  });
});

describe('it refuses', () => {
  it('every name outside, transfers, and other classes', () => {
    for (const name of ['example.com', 'org', '.', 'xexample.org', 'example.org.uk', 'notexample.org']) {
      const { rcode, flag_aa, answers, authorities, freshSeconds } = ask(name, 'A');
      assert.deepEqual([rcode, flag_aa, answers, authorities, freshSeconds], ['REFUSED', false, [], [], 0], name);
    }
    for (const type of ['AXFR', 'IXFR', 'TSIG']) assert.equal(ask('example.org', type).rcode, 'REFUSED', type);
    const chaos = question('example.org', 'TXT', { questions: [{ name: 'example.org', type: 'TXT', class: 'CH' }] });
    assert.equal(decode(answer(chaos, 'udp')?.message).rcode, 'REFUSED');
  });

  it('a name that only looks like one of ours when its bytes are read as text', () => {
    const dotted = Buffer.concat([
      question('.', 'A').subarray(0, 12),
      Buffer.from([11]),
      Buffer.from('example.org'),
      Buffer.from([0, 0, 1, 0, 1]),
    ]);
    assert.equal(decode(answer(dotted, 'udp')?.message).rcode, 'REFUSED');
  });
});

describe('what is malformed', () => {
  const whole = question('example.org', 'A');
  const with16 = (at: number, value: number, message = whole): Buffer => {
    const copy = Buffer.from(message);
    copy.writeUInt16BE(value, at);
    return copy;
  };
  const pointer = Buffer.concat([whole.subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
  const long = Buffer.concat([
    whole.subarray(0, 12),
    ...Array.from({ length: 5 }, () => Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 97)])),
    Buffer.from([0, 0, 1, 0, 1]),
  ]);
  const opt = question('example.org', 'A', edns(1232));
  const twice = with16(10, 2, Buffer.concat([opt, opt.subarray(whole.length)]));
  const rows: [what: string, message: Buffer, rcode: number | undefined][] = [
    ['nothing', Buffer.alloc(0), undefined],
    ['half a head', whole.subarray(0, 11), undefined],
    ['an answer', with16(2, 0x8000), undefined],
    ['a head alone', whole.subarray(0, 12), 1],
    ['no question', with16(4, 0, whole.subarray(0, 12)), 1],
    ['two questions', with16(4, 2), 1],
    ['an answer section', with16(6, 1), 1],
    ['a cut question', whole.subarray(0, whole.length - 1), 1],
    ['bytes behind', Buffer.concat([whole, Buffer.from([0])]), 1],
    ['a pointer to itself', pointer, 1],
    ['a name of more than 255', long, 1],
    ['an OPT that is missing', with16(10, 1), 1],
    ['two OPT', twice, 1],
    ['a cut OPT', opt.subarray(0, opt.length - 1), 1],
    ['UPDATE', with16(2, 5 << 11), 4],
    ['NOTIFY', with16(2, 4 << 11), 4],
  ];
  for (const [what, message, rcode] of rows) {
    it(`${what} gets ${rcode ?? 'nothing'}`, () => {
      const found = answer(message, 'udp')?.message;
      assert.equal(found === undefined ? undefined : (found[3] ?? 0) & 15, rcode);
      if (found !== undefined) assert.deepEqual(found.subarray(0, 2), whole.subarray(0, 2));
    });
  }

  it('a version of EDNS that is not ours gets BADVERS', () => {
    const { additionals, rcode } = ask('example.org', 'A', edns(1232, 1));
    const [one] = additionals ?? [];
    assert.ok(one?.type === 'OPT');
    assert.deepEqual([one.extendedRcode, one.ednsVersion, rcode], [1, 0, 'NOERROR']);
  });
});

describe('over UDP', () => {
  it('an answer that does not fit says so and nothing else; over a stream it is whole', () => {
    const asked = question('large.example.org', 'TXT', edns(65_535));
    const cut = answer(asked, 'udp')?.message ?? new Uint8Array();
    assert.deepEqual([decode(cut).flag_tc, decode(cut).answers], [true, []]);
    assert.ok(cut.length <= asked.length);
    const whole = decode(answer(asked, 'stream')?.message);
    assert.deepEqual([whole.flag_tc, whole.answers?.length], [false, 30]);
  });

  it('the size is what the asker takes, at least 512 and at most 1,232', () => {
    assert.equal(ask('text.example.org', 'TXT').flag_tc, true);
    assert.equal(ask('text.example.org', 'TXT', edns(100)).flag_tc, true);
    assert.equal(ask('text.example.org', 'TXT', edns(1232)).flag_tc, false);
  });

  it('any bytes at all: no exception, no answer beyond the bound, none to an answer', () => {
    const templates = [question('example.org', 'A'), question('large.example.org', 'TXT', edns(4096))];
    const mutated = fc
      .tuple(fc.constantFrom(...templates), fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }), fc.nat(80))
      .map(([template, changes, length]) => {
        const copy = Buffer.from(template.subarray(0, length));
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 600 })), (message) => {
        const answered = answer(message, 'udp')?.message;
        const truncated = answerTruncated(message);
        if (answered === undefined) {
          assert.ok(message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0);
          return;
        }
        assert.ok(answered.length <= 1_232);
        const { flag_qr, id, flag_ra } = decode(answered);
        assert.deepEqual([flag_qr, id, flag_ra], [true, Buffer.from(message).readUInt16BE(0), false]);
        assert.ok((truncated?.length ?? 0) <= message.length);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a zone', () => {
  const bad = (records: ZoneSource['records'], zoneName = 'example.org') => {
    const parsed = parseZone({ zone: zoneName, ttlSeconds: 60, records });
    return 'mistakes' in parsed ? parsed.mistakes.join('\n') : '';
  };
  it('refuses names and values that are none', () => {
    const name = 'a.example.org';
    const rows: [record: ZoneSource['records'][number], why: RegExp][] = [
      [{ name: 'a.example.com', type: 'A', value: '192.0.2.1' }, /records\[0\]\.name/],
      [{ name: 'a', type: 'A', value: '192.0.2.1' }, /name/],
      [{ name: '$(id).example.org', type: 'A', value: '192.0.2.1' }, /name/],
      [{ name: 'a b.example.org', type: 'A', value: '192.0.2.1' }, /name/],
      [{ name: '\u212a.example.org', type: 'A', value: '192.0.2.1' }, /name/],
      [{ name: 'a..example.org', type: 'A', value: '192.0.2.1' }, /name/],
      [{ name: `${'a'.repeat(64)}.example.org`, type: 'A', value: '192.0.2.1' }, /name/],
      [{ name, type: 'A', value: '192.0.2.1; reboot' }, /an IPv4 address/],
      [{ name, type: 'A', value: '2001:db8::1' }, /an IPv4 address/],
      [{ name, type: 'AAAA', value: 'fe80::1%eth0' }, /an IPv6 address/],
      [{ name, type: 'CNAME', value: 'a b' }, /a name/],
      [{ name, type: 'SRV', value: '1 2 65536 x.example.org' }, /PRIORITY WEIGHT/],
      [{ name, type: 'SRV', value: '1 2 3' }, /PRIORITY WEIGHT/],
      [{ name, type: 'TXT', value: 'a\nb' }, /bytes of text/],
      [{ name, type: 'TXT', value: 'x'.repeat(1001) }, /bytes of text/],
      [{ name, type: 'HTTPS', value: '0 .' }, /alpn/],
      [{ name, type: 'HTTPS', value: '1 . port=1 port=2' }, /alpn/],
      [{ name, type: 'HTTPS', value: '1 . key9=x' }, /alpn/],
      [{ name, type: 'HTTPS', value: '1 . no-default-alpn' }, /alpn/],
      [{ name, type: 'HTTPS', value: '1 . ipv4hint=1.2.3' }, /alpn/],
    ];
    for (const [record, why] of rows) assert.match(bad([record]), why, JSON.stringify(record));
    for (const one of ['', '1.2.3.4', 'a"b', '.', 'x..y', '-a']) assert.match(bad([], one), /dns\.zone/, one);
  });

  it('refuses aliases beside others, in a circle, and too many records', () => {
    const alias = (name: string, value: string) => ({ name: `${name}example.org`, type: 'CNAME' as const, value });
    assert.match(bad([alias('a.', 'b.example.org'), alias('b.', 'a.example.org')]), /circle/);
    assert.match(bad([alias('', 'b.example.org')]), /stands alone/);
    assert.match(bad([alias('a.', 'x.org'), { name: 'a.example.org', type: 'A', value: '192.0.2.1' }]), /stands alone/);
    const many = Array.from({ length: 33 }, (_, index) => ({
      name: 'example.org',
      type: 'A' as const,
      value: `192.0.2.${index}`,
    }));
    assert.match(bad(many), /more than 32/);
    const same = Array.from({ length: 33 }, () => ({ name: 'example.org', type: 'A' as const, value: '192.0.2.1' }));
    assert.equal(bad(same), '');
  });
});

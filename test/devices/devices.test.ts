/** What devices are told of the private zone: golden files, and the lines for hosts files really run. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { parse } from 'plist';
import { createCrypto } from '../../src/adapters/crypto/index.ts';
import { checkConfig } from '../../src/cli/config/check.ts';
import { zoneOf } from '../../src/cli/config/check-dns.ts';
import {
  DEVICE_SYSTEMS,
  type DeviceFacts,
  deviceFile,
  type DeviceFile,
  type DeviceSystem,
  dohOf,
  hostsOf,
  uuidOf,
} from '../../src/deploy/devices/index.ts';
import { devicesTexts } from '../../src/text/devices/index.ts';

const root = path.resolve(import.meta.dirname, '../..');
const crypto = await createCrypto();
const folder = mkdtempSync(path.join(tmpdir(), 'postern-devices-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const DNS = {
  zone: 'example.org',
  records: [
    { name: 'example.org', type: 'A', value: '192.0.2.1' },
    { name: 'example.org', type: 'AAAA', value: '2001:DB8::1' },
    { name: 'chat.example.org', type: 'CNAME', value: 'example.org' },
    { name: '_matrix-fed._tcp.example.org', type: 'SRV', value: '10 5 8448 example.org' },
  ],
};

function factsOf(publicUrl = 'https://chat.example.org:8443'): DeviceFacts {
  const zone = zoneOf(checkConfig([{ place: () => 'test', value: { dns: DNS } }]));
  assert.ok(zone !== undefined);
  return {
    zone: zone.name,
    hosts: hostsOf(zone),
    doh: dohOf(publicUrl, zone),
    uuidOf: (name) => uuidOf(crypto, name),
  };
}

function fileFor(system: DeviceSystem, { hosts = false, facts = factsOf(), language = 'en' } = {}): DeviceFile {
  const file = deviceFile({ system, hosts }, facts, devicesTexts(language));
  assert.ok(file !== undefined);
  return file;
}

/** The lines that are no comments. */
function linesOf(system: DeviceSystem, hosts = false): string[] {
  return fileFor(system, { hosts })
    .text.split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the file of each system', () => {
  const variants = [
    ...DEVICE_SYSTEMS.map((system) => ({ system, hosts: false })),
    { system: 'macos' as const, hosts: true },
  ];
  for (const language of ['en', 'zh']) {
    for (const { system, hosts } of variants) {
      const name = `${system}${hosts ? '-hosts' : ''}.${language}.txt`;
      it(`is the golden one: ${name}`, () => {
        const { fileName, text, steps } = fileFor(system, { hosts, language });
        const whole = `${[`→ ${fileName}`, ...steps].join('\n')}\n\n${text}`;
        const golden = path.join(root, 'test/fixtures/devices', name);
        if (process.env['WRITE_GOLDEN'] === '1') writeFileSync(golden, whole);
        assert.equal(whole, readFileSync(golden, 'utf8'));
      });
    }
  }
});

describe('the profile', () => {
  const profileOf = (facts = factsOf()) => {
    const value = parse(fileFor('ios', { facts }).text) as unknown as {
      PayloadUUID: string;
      PayloadContent: { PayloadUUID: string; DNSSettings: Record<string, unknown> }[];
    };
    const [content] = value.PayloadContent;
    assert.ok(content !== undefined);
    return { whole: value, content };
  };

  it('asks over HTTPS for the zone alone, without looking for the resolver', () => {
    assert.deepEqual(profileOf().content.DNSSettings, {
      DNSProtocol: 'HTTPS',
      ServerURL: 'https://chat.example.org:8443/dns',
      ServerAddresses: ['192.0.2.1', '2001:db8::1'],
      SupplementalMatchDomains: ['example.org'],
    });
    const { ServerURL, ServerAddresses } = profileOf(factsOf('https://[2001:db8::5]:8443/base/')).content.DNSSettings;
    assert.deepEqual([ServerURL, ServerAddresses], ['https://[2001:db8::5]:8443/base/dns', ['2001:db8::5']]);
    assert.equal(profileOf(factsOf('https://else.test')).content.DNSSettings['ServerAddresses'], undefined);
  });

  it('has identifiers of its zone, so that a newer one replaces it', () => {
    const [one, two] = [profileOf(), profileOf(factsOf('https://else.test'))];
    assert.equal(one.whole.PayloadUUID, two.whole.PayloadUUID);
    assert.equal(one.content.PayloadUUID, two.content.PayloadUUID);
    assert.notEqual(one.whole.PayloadUUID, one.content.PayloadUUID);
    assert.notEqual(one.whole.PayloadUUID, profileOf({ ...factsOf(), zone: 'example.com' }).whole.PayloadUUID);
    assert.match(one.whole.PayloadUUID, /^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
  });

  it('is not made without DNS over HTTPS', () => {
    for (const system of ['ios', 'macos'] as const) {
      assert.equal(
        deviceFile({ system, hosts: false }, { ...factsOf(), doh: undefined }, devicesTexts('en')),
        undefined,
      );
    }
    for (const url of ['http://a.test', 'https://a:b@a.test', 'https://a.test/?x', "https://a.test/'", 'nothing', '']) {
      assert.equal(factsOf(url).doh, undefined, url);
    }
  });
});

const CONTENTS: readonly (readonly [what: string, text: string])[] = [
  ['an ordinary file', '127.0.0.1\tlocalhost\n::1 localhost\n'],
  ['no newline at the end', '127.0.0.1 localhost'],
  ['an empty file', ''],
  ['one newline', '\n'],
  ['many newlines at the end', 'a\n\n\n'],
  ['carriage returns', '127.0.0.1 a\r\n'],
  ['bytes that are no text', '127.0.0.1 \u00ff\u00fe\u0080 %s \\n $(id) `id`\n'],
  ['the marks of another zone', '# BEGIN postern example.org.uk\n1.2.3.4 x\n# END postern example.org.uk\n'],
  ['a first mark alone', 'a\n# BEGIN postern example.org\nb\nc\n'],
  ['a second mark alone', 'a\n# END postern example.org\nb\n'],
];

describe('the lines for the hosts file of Linux and macOS', () => {
  const file = path.join(folder, 'hosts');
  const tools = path.join(folder, 'tools');
  execFileSync('mkdir', ['-p', tools]);
  // What only a Mac has.
  for (const name of ['dscacheutil', 'killall']) {
    writeFileSync(path.join(tools, name), '#!/bin/sh\nexit 1\n');
    chmodSync(path.join(tools, name), 0o755);
  }
  const run = (line: string | undefined): string => {
    const here = (line ?? '').replace(/^sudo /, '').replace('h=/etc/hosts;', `h=${file};`);
    assert.ok(here.includes(file));
    const env = { PATH: `${tools}:${process.env['PATH']}`, TMPDIR: folder };
    const { status, stderr } = spawnSync('sh', ['-c', here], { env, encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
    return readFileSync(file, 'latin1');
  };

  for (const [system, hosts] of [
    ['linux', false],
    ['macos', true],
  ] as const) {
    const [install, undo] = linesOf(system, hosts);
    for (const [what, text] of CONTENTS) {
      it(`${system}, ${what}: twice is once, and undone it is as it was`, () => {
        writeFileSync(file, text, 'latin1');
        const once = run(install);
        assert.match(once, /^192\.0\.2\.1 example\.org$/m);
        assert.match(once, /^2001:db8::1 chat\.example\.org$/m);
        assert.ok(once.startsWith(text));
        assert.equal(run(install), once);
        assert.equal(run(undo), text);
        assert.equal(run(undo), text);
      });
    }

    it(`${system}: what was written behind stays`, () => {
      for (const [text, behind] of [
        ['a\n', 'b\n'],
        ['a', 'b\n'],
        ['a\n', 'b'],
      ] as const) {
        writeFileSync(file, text);
        writeFileSync(file, run(install) + behind);
        assert.equal(run(undo), `${text}${text.endsWith('\n') ? '' : '\n'}${behind}`);
      }
    });
  }

  it('leave nothing else behind', () => {
    writeFileSync(file, 'a\n');
    run(linesOf('linux')[0]);
    assert.deepEqual(execFileSync('ls', [folder], { encoding: 'utf8' }).split('\n').filter(Boolean), [
      'hosts',
      'tools',
    ]);
  });
});

describe('the lines for the hosts file of Windows', () => {
  const [install = '', undo = ''] = linesOf('windows');
  const patterns = [...undo.matchAll(/-creplace '([^']+)',''/g)].map(
    ([, one = '']) => new RegExp(one.replace('\\A', '^').replace('\\z', '$'), 'g'),
  );
  const undone = (text: string): string => patterns.reduce((left, one) => left.replace(one, ''), text);
  /** What its `$n+=` add, read as PowerShell reads it. */
  const added = [...install.matchAll(/\$n\+="([^"]*)"/g)].map(([, one = '']) =>
    one.replaceAll('`r', '\r').replaceAll('`n', '\n'),
  );
  const installed = (text: string): string => {
    const [joined = '', apart = '', lines = ''] = added;
    const rest = undone(text);
    return rest + (rest !== '' && !rest.endsWith('\n') ? joined : apart) + lines;
  };

  for (const [what, text] of CONTENTS) {
    it(`${what}: twice is once, and undone it is as it was`, () => {
      assert.equal(patterns.length, 2);
      const once = installed(text);
      assert.ok(once.startsWith(text) && once.includes('\n192.0.2.1 example.org\r\n'));
      assert.equal(installed(once), once);
      assert.equal(undone(once), text);
    });
  }
});

describe('the lines for routers', () => {
  it('OpenWrt: twice is once, and undone nothing is left', () => {
    const list = path.join(folder, 'list');
    const uci = path.join(folder, 'uci');
    writeFileSync(list, '');
    writeFileSync(
      uci,
      '#!/bin/sh\n[ "$1" = -q ] && shift\ncase $1 in\n' +
        `add_list) printf "%s\\n" "$2" >> ${list} ;;\n` +
        `del_list) grep -Fxv "$2" ${list} > ${list}.new; mv ${list}.new ${list} ;;\nesac\n`,
    );
    chmodSync(uci, 0o755);
    const run = (line = ''): string => {
      const here = line.replace('/etc/init.d/dnsmasq restart', 'true');
      execFileSync('sh', ['-c', here], { env: { PATH: `${folder}:${process.env['PATH']}` } });
      return readFileSync(list, 'utf8');
    };
    const [install, undo] = linesOf('openwrt');
    const once = run(install);
    assert.deepEqual(once.split('\n').length, 5);
    assert.match(once, /^dhcp\.@dnsmasq\[0\]\.address=\/example\.org\/192\.0\.2\.1$/m);
    assert.equal(run(install), once);
    assert.equal(run(undo), '');
  });

  it('AdGuard Home: what a shell sends is the JSON of the pair', () => {
    const curl = path.join(folder, 'curl');
    writeFileSync(curl, '#!/bin/sh\nfor one; do printf "%s\\n" "$one"; done\n');
    chmodSync(curl, 0o755);
    const env = { PATH: `${folder}:${process.env['PATH']}`, ADGUARD: 'http://a.test', ADGUARD_LOGIN: 'a:b c' };
    const sent = linesOf('adguard').map((line) =>
      execFileSync('sh', ['-c', line], { env, encoding: 'utf8' }).trim().split('\n'),
    );
    assert.equal(sent.length, 12);
    assert.deepEqual(sent[1]?.slice(1), [
      '-u',
      'a:b c',
      '-H',
      'Content-Type: application/json',
      '-d',
      '{"domain":"example.org","answer":"192.0.2.1"}',
      'http://a.test/control/rewrite/add',
    ]);
    assert.match(sent[0]?.at(-1) ?? '', /delete$/);
  });
});

describe('nothing breaks out', () => {
  const hostile = [
    "'; id; '",
    '$(id)',
    '`id`',
    'a b',
    'a\nb',
    '"x"',
    '<b>',
    '&amp;',
    'a/b',
    '%s',
    '\\',
    '\u212a',
    '-a',
  ];
  it('of a configuration: names and addresses that are none are refused', () => {
    for (const bad of hostile) {
      const records: [string, string, string][] = [
        [`${bad}.example.org`, 'A', '192.0.2.1'],
        ['a.example.org', 'A', bad],
        ['a.example.org', 'AAAA', `::1${bad}`],
        ['a.example.org', 'CNAME', `${bad}.example.org`],
      ];
      for (const [name, type, value] of records) {
        const dns = { zone: 'example.org', records: [{ name, type, value }] };
        assert.throws(() => checkConfig([{ place: () => 'test', value: { dns } }]), /dns\.records\[0\]/, bad);
      }
      assert.throws(
        () => checkConfig([{ place: () => 'test', value: { dns: { zone: bad, records: [] } } }]),
        /dns\.zone/,
      );
    }
  });

  it('of a generator, even where nobody has looked before', () => {
    const facts = factsOf();
    for (const bad of hostile) {
      const wrong: DeviceFacts[] = [
        { ...facts, zone: bad },
        { ...facts, hosts: [{ name: bad, addresses: ['192.0.2.1'] }] },
        { ...facts, hosts: [{ name: 'example.org', addresses: [bad] }] },
        { ...facts, doh: { url: 'https://a.test/dns', addresses: [bad] } },
        ...(['a/b', '-a'].includes(bad) ? [] : [{ ...facts, doh: { url: `https://a.test/${bad}`, addresses: [] } }]),
      ];
      for (const system of DEVICE_SYSTEMS) {
        for (const one of wrong) {
          assert.throws(() => deviceFile({ system, hosts: false }, one, devicesTexts('en')), {
            name: 'AssertionError',
          });
        }
      }
    }
  });
});

describe('postern devices', () => {
  const config = path.join(folder, 'postern.yaml');
  const value = {
    publicBaseUrl: 'https://chat.example.org:8443',
    dns: DNS,
    listeners: [{ address: '127.0.0.1', port: 0, apis: ['client', 'dns'] }],
  };
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [path.join(root, 'src/cli/main.ts'), 'devices', '--config', config, ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });

  it('writes the file, or prints it apart from what to do with it', () => {
    writeFileSync(config, JSON.stringify(value));
    const printed = run('--os', 'ios', '--lang', 'zh');
    assert.equal(printed.status, 0);
    assert.equal(printed.stdout, fileFor('ios', { language: 'zh' }).text);
    assert.match(printed.stderr, /描述文件/);
    const written = run('--os', 'linux', '--out', 'linux.txt');
    assert.deepEqual([written.status, written.stdout], [0, 'Wrote linux.txt.\n']);
    assert.equal(readFileSync(path.join(folder, 'linux.txt'), 'utf8'), fileFor('linux').text);
    const { fileName, text } = JSON.parse(run('--os', 'dnsmasq', '--json').stdout) as DeviceFile;
    assert.deepEqual([fileName, text], [fileFor('dnsmasq').fileName, fileFor('dnsmasq').text]);
  });

  it('says what is missing', () => {
    writeFileSync(config, JSON.stringify({ ...value, publicBaseUrl: 'http://chat.example.org' }));
    const rows: [args: string[], why: RegExp][] = [
      [['--os', 'ios'], /needs DNS over HTTPS/],
      [['--os', 'beos'], /allowed are ios, macos/],
      [[], /allowed are ios, macos/],
      [['--os', 'linux', '--hosts'], /macos only/],
      [['--os', 'linux', '--lang', 'fr'], /allowed are en, zh/],
    ];
    for (const [args, why] of rows) {
      const { status, stderr } = run(...args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, why);
    }
    writeFileSync(config, '{}');
    assert.match(run('--os', 'linux').stderr, /dns is not set/);
  });
});

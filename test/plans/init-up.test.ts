/** From an answer to a running node: `postern init`, `render` and `up` as they are typed. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { init } from '../../src/cli/commands/init.ts';
import { link } from '../../src/cli/commands/link.ts';
import { plan } from '../../src/cli/commands/plan.ts';
import { render } from '../../src/cli/commands/render.ts';
import { up } from '../../src/cli/commands/up.ts';
import { Keyboard } from '../harness/typed.ts';

const keyboard = new Keyboard();
const type = keyboard.type.bind(keyboard);
const refuses = keyboard.refuses.bind(keyboard);

const read = (name: string): string => readFileSync(path.join(keyboard.workingDir, name), 'utf8');
const modeOf = (name: string): number => statSync(path.join(keyboard.workingDir, name)).mode & 0o777;
const SERVER = ['--server', '198.51.100.80:41443'];
const TUNNEL = ['--option', '4t', '--name', 'example.org', ...SERVER, '--front', 'dynamic:40443'];

describe('postern init for several machines', () => {
  it('writes a topology that plan takes, and keys that nobody else can read', async () => {
    const said = await type(init, ...TUNNEL, '--abroad', 'friends.example.net=203.0.113.20:8448');
    assert.match(said, /Wrote postern\.topology\.yaml\.\nMade the keys of links in keys: .*\nNext: postern plan/);
    assert.match(await type(plan), /^Plan for example\.org, option 4t\n/);
    for (const node of ['server', 'front', 'abroad']) assert.equal(modeOf(`keys/${node}.key`), 0o600);
    assert.equal(modeOf('postern.topology.yaml'), 0o600);
    const { linkPath, routes } = parse(read('postern.topology.yaml'));
    assert.match(linkPath, /^\/[A-Za-z0-9_-]{24}$/);
    assert.match(routes[0], /^https:\/\/[a-z0-9]{8}\.example\.org:40443$/);
  });

  it('draws other names, paths and keys each time', async () => {
    await type(init, ...TUNNEL);
    const first = read('postern.topology.yaml');
    rmSync(path.join(keyboard.workingDir, 'keys'), { recursive: true });
    await type(init, ...TUNNEL, '--topology', 'again.yaml');
    const [one, other] = [first, read('again.yaml')].map((text) => parse(text));
    assert.notEqual(one.linkPath, other.linkPath);
    assert.notEqual(one.routes[0], other.routes[0]);
    assert.notEqual(one.nodes.server.key, other.nodes.server.key);
  });

  it('changes nothing where there is a topology already', async () => {
    await type(init, ...TUNNEL);
    const before = read('postern.topology.yaml');
    assert.match(await type(init, ...TUNNEL), /exists already/);
    assert.equal(read('postern.topology.yaml'), before);
  });

  it('refuses answers that do not fit, and writes nothing then', async () => {
    await refuses(/^--option: "9000"; allowed is one of 1, 2, 3, 4, 4t, 5, 6, 7, 9, 11, 12$/, init, '--option', '9000');
    await refuses(/^--front is needed for option 4t$/, init, ...TUNNEL.slice(0, 6));
    await refuses(/^--server: "there"; allowed is/, init, ...TUNNEL.with(5, 'there'));
    await refuses(/^--abroad: "203\.0\.113\.20:8448"/, init, ...TUNNEL, '--abroad', '203.0.113.20:8448');
    await refuses(/^nodes\.server\.listen\[0\] is 443/, init, ...TUNNEL.with(5, '198.51.100.80:443'));
    assert.equal(existsSync(path.join(keyboard.workingDir, 'postern.topology.yaml')), false);
    assert.equal(existsSync(path.join(keyboard.workingDir, 'keys')), false);
  });
});

describe('postern up --join', () => {
  async function joinOf(node: string): Promise<string> {
    await type(init, ...TUNNEL);
    const said = await type(render, '--node', node);
    assert.match(said, new RegExp(`Wrote ${node}/node\\.join: whoever has it`));
    assert.equal(modeOf(`${node}/node.join`), 0o600);
    return read(`${node}/node.join`).trim();
  }

  it('makes a machine the node: its configuration, and the key by which the others know it', async () => {
    const token = await joinOf('server');
    const { nodes } = parse(read('postern.topology.yaml'));
    mkdirSync(path.join(keyboard.workingDir, 'machine'));
    keyboard.workingDir = path.join(keyboard.workingDir, 'machine');
    assert.equal(
      await type(up, '--join', token, '--no-start'),
      'This machine is now the node server: wrote postern.yaml.',
    );
    assert.ok((await type(link)).includes(nodes.server.key));
    for (const file of ['postern-data/link.key', 'postern.yaml']) assert.equal(modeOf(file), 0o600);
    const config = parse(read('postern.yaml'));
    assert.deepEqual([config.serverName, config.dataDir], ['example.org', './postern-data']);
    assert.match(await type(up, '--join', token, '--no-start'), /is the node server already/);
  });

  it('takes the file that was rendered', async () => {
    await joinOf('front');
    await type(up, '--join', 'front/node.join', '--no-start', '--config', 'there.yaml');
    assert.deepEqual(parse(read('there.yaml')).roles, ['relay']);
  });

  it('writes over nothing unless it is forced', async () => {
    const token = await joinOf('server');
    writeFileSync(path.join(keyboard.workingDir, 'postern.yaml'), 'serverName: mine.example\n');
    await refuses(/postern\.yaml exists and differs/, up, '--join', token, '--no-start');
    assert.equal(existsSync(path.join(keyboard.workingDir, 'postern-data/link.key')), false);
    assert.equal(read('postern.yaml'), 'serverName: mine.example\n');
    await type(up, '--join', token, '--no-start', '--force');
    assert.match(read('postern.yaml'), /serverName: example\.org/);
  });

  it('refuses what is no token', async () => {
    for (const text of ['nowhere.join', 'postern-join-1.AAAA']) {
      await refuses(/names neither a file with a token nor a token/, up, '--join', text, '--no-start');
    }
  });
});

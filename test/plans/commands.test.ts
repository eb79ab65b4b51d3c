/** `postern plan` and `postern render` as they are typed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plan } from '../../src/cli/commands/plan.ts';
import { render } from '../../src/cli/commands/render.ts';
import { Keyboard } from '../harness/typed.ts';

const keyboard = new Keyboard();
const type = keyboard.type.bind(keyboard);
const refuses = keyboard.refuses.bind(keyboard);

function take(option: string, change: (text: string) => string = (text) => text): void {
  const file = fileURLToPath(new URL(`../fixtures/plans/${option}/postern.topology.yaml`, import.meta.url));
  writeFileSync(path.join(keyboard.workingDir, 'postern.topology.yaml'), change(readFileSync(file, 'utf8')));
}

const read = (name: string): string => readFileSync(path.join(keyboard.workingDir, name), 'utf8');

describe('postern plan', () => {
  it('prints the plan and the next step', async () => {
    take('4t');
    const said = await type(plan);
    assert.match(said, /^Plan for example\.org, option 4t\n/);
    assert.match(said, /\nNext: postern render --node abroad$/);
  });

  it('answers in JSON, and draws', async () => {
    take('2');
    const { layout, nodes } = JSON.parse(await type(plan, '--json', '--svg', 'picture.svg'));
    assert.equal(layout, '2');
    assert.equal(nodes.length, 2);
    assert.match(read('picture.svg'), /^<svg /);
  });

  it('says of option 4 with a link that it is 4t', async () => {
    take('4t', (text) => text.replace('option: 4t', 'option: 4'));
    assert.match(await type(plan), /^Plan for example\.org, option 4: it comes to 4t\n/);
  });

  it('tells every mistake with its line', async () => {
    take('4', (text) => text.replace('40443], nat', '443], nat').replace('zone: cn-idc', 'zone: cn-icd'));
    await refuses(/^postern\.topology\.yaml:5: nodes\.cloud\.zone is "cn-icd"; allowed is one of world,/, plan);
    take('4', (text) => text.replaceAll('40443', '443'));
    await refuses(/^postern\.topology\.yaml:6: nodes\.home\.listen\[0\] is 443; on a home line/, plan);
  });

  it('refuses a file that is not there, no YAML, or too large', async () => {
    await refuses(/^postern\.topology\.yaml: the file cannot be read/, plan);
    writeFileSync(path.join(keyboard.workingDir, 'other.yaml'), 'a: [');
    await refuses(/^other\.yaml:1: /, plan, '--topology', 'other.yaml');
    writeFileSync(path.join(keyboard.workingDir, 'other.yaml'), `# ${'x'.repeat(1_048_577)}`);
    await refuses(/larger than 1 MiB/, plan, '--topology', 'other.yaml');
  });
});

describe('postern render', () => {
  const FILES = ['cloud/postern.yaml', 'cloud/postern.service', 'cloud/compose.yaml'];

  it('writes the files of a node, and the same again changes nothing', async () => {
    take('4t');
    const said = await type(render, '--node', 'cloud');
    for (const file of FILES) assert.ok(said.includes(`Wrote ${file}.`), said);
    assert.match(said, /Next: copy cloud to cloud, .*tls\/cert\.pem.* postern up --config postern\.yaml$/);
    const again = await type(render, '--node', 'cloud');
    for (const file of FILES) assert.ok(again.includes(`${file} is already so.`), again);
  });

  it('writes nothing where one file differs, unless it is forced', async () => {
    take('4t');
    await type(render, '--node', 'home', '--out', 'there');
    writeFileSync(path.join(keyboard.workingDir, 'there/postern.yaml'), 'mine: true\n');
    rmSync(path.join(keyboard.workingDir, 'there/compose.yaml'));
    await refuses(/^there\/postern\.yaml exists and differs/, render, '--node', 'home', '--out', 'there');
    assert.equal(read('there/postern.yaml'), 'mine: true\n');
    assert.ok(!existsSync(path.join(keyboard.workingDir, 'there/compose.yaml')));
    await type(render, '--node', 'home', '--out', 'there', '--force');
    assert.match(read('there/postern.yaml'), /\nrelay:\n/);
  });

  it('says whose key is missing, what to type and where to put it', async () => {
    take('4t', (text) => text.replace(/, key: "ed25519:A6[^"]*"/, ''));
    await refuses(
      /^nodes\.cloud\.key is missing; on cloud type: postern link --data-dir .*\nPut what .* nodes\.cloud\.key/,
      render,
      '--node',
      'home',
    );
    assert.ok(!existsSync(path.join(keyboard.workingDir, 'home')));
    // The node itself needs the keys of the others only.
    await type(render, '--node', 'cloud');
  });

  it('asks for a node that there is', async () => {
    take('4t');
    await refuses(/^--node NODE says which node; nodes are abroad, cloud, home$/, render);
    await refuses(/^--node: there is no node clod; nodes are/, render, '--node', 'clod');
    await refuses(/^--node: there is no node __proto__/, render, '--node', '__proto__');
  });

  it('prints what a Synapse needs to reach a node', async () => {
    take('3');
    const peer = async (...more: string[]) => await type(render, '--for', 'synapse-peer', '--node', ...more);
    const said = await peer('cloud');
    assert.match(said, /\nsrv-host=_matrix-fed\._tcp\.example\.org,example\.org,41443\n/);
    assert.match(said, /\nip_range_whitelist:\n {2}- '198\.51\.100\.80\/32'\n/);
    assert.deepEqual(JSON.parse(await peer('abroad', '--json')), {
      server: 'friends.example.net',
      hosts: ['203.0.113.20 friends.example.net'],
      resolver: [],
      ranges: ['203.0.113.20/32'],
    });
    take('3', (text) => text.replace('198.51.100.80', '8.8.4.4'));
    assert.match(await peer('cloud'), /\nNothing is needed in homeserver\.yaml/);
  });

  it('says why a Synapse cannot reach a node', async () => {
    take('12');
    await refuses(/front is a relay/, render, '--node', 'front', '--for', 'synapse-peer');
    await refuses(/^home cannot be dialled/, render, '--node', 'home', '--for', 'synapse-peer');
    await refuses(/^--for: "dendrite-peer"/, render, '--node', 'home', '--for', 'dendrite-peer');
  });
});

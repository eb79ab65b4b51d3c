import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { writeJoin } from '../../deploy/join/token.ts';
import { DATA_DIR, renderConfig } from '../../deploy/render/config.ts';
import { renderSynapsePeer, type SynapsePeer } from '../../deploy/render/synapse-peer.ts';
import { renderCompose, renderUnit } from '../../deploy/render/units.ts';
import { isRelay } from '../../deploy/topology/derive.ts';
import type { Topology, TopologyNode } from '../../deploy/topology/topology.ts';
import { fill } from '../../text/cli/index.ts';
import { type PlanTexts, planTexts } from '../../text/plan/index.ts';
import type { Command, Run } from '../command.ts';
import { packageVersion } from '../compose/package-version.ts';
import { checkConfig } from '../config/check.ts';
import { ConfigError, readFileSource } from '../config/sources.ts';
import { printResult } from '../output.ts';
import { localeOf, type LoadedTopology, topologyOf } from '../topology-of.ts';

export const render: Command = {
  name: 'render',
  about: (texts) => texts.commandRender,
  usage: 'render --node NODE [--topology FILE] [--out FOLDER] [--force] [--for synapse-peer]',
  options: [
    { name: 'node', value: 'NODE', text: 'the node whose files are written' },
    { name: 'topology', value: 'FILE', text: 'the topology; postern.topology.yaml unless named' },
    { name: 'out', value: 'FOLDER', text: 'where the files are written; a folder called like the node unless named' },
    { name: 'force', text: 'write over files that differ' },
    { name: 'for', value: 'synapse-peer', text: 'print what a Synapse needs to reach this node instead' },
  ],
  takesConfig: false,
  async run(run) {
    const loaded = topologyOf(run);
    const words = planTexts(localeOf(run));
    const node = nodeOf(run, loaded.topology, words);
    const peer = run.arguments.options.get('for');
    if (peer === undefined) return writeFiles(run, loaded, { node, words });
    if (peer !== 'synapse-peer') throw new ConfigError(fill(words.renderForUnknown, { found: peer }));
    return printPeer(run, loaded.topology, { node, words });
  },
};

/** Beside the topology: the keys of links that "postern init" has made, for the nodes that are still to be. */
export const KEYS_FOLDER = 'keys';
const JOIN_FILE = 'node.join';

interface Wanted {
  readonly node: TopologyNode;
  readonly words: PlanTexts;
}

function nodeOf(run: Run, { nodes }: Topology, words: PlanTexts): TopologyNode {
  const name = run.arguments.options.get('node');
  const known = [...nodes.keys()].join(', ');
  if (name === undefined) throw new ConfigError(fill(words.renderNodeNeeded, { nodes: known }));
  const node = nodes.get(name);
  if (node === undefined) throw new ConfigError(fill(words.renderUnknownNode, { found: name, nodes: known }));
  return node;
}

/** The files of a node: name and text. Throws {@link ConfigError} where the key of a peer is missing. */
export function filesOf({ topology, file }: LoadedTopology, { node, words }: Wanted, version: string) {
  const { config, missingKeys } = renderConfig(topology, node);
  if (missingKeys.length > 0) {
    const lines = missingKeys.flatMap((name) => [
      fill(words.renderKeyMissing, { node: name, folder: DATA_DIR }),
      fill(words.renderKeyPut, { node: name, file }),
    ]);
    throw new ConfigError(lines.join('\n'));
  }
  const head = `# The node ${node.name} of ${topology.name}, from its topology. What is not set has its default.\n`;
  const text = head + stringify(config, { aliasDuplicateObjects: false });
  // What we write, we would also accept.
  checkConfig([readFileSource(text, 'postern.yaml')]);
  return [
    { name: 'postern.yaml', text },
    { name: 'postern.service', text: renderUnit(node) },
    { name: 'compose.yaml', text: renderCompose(node, version) },
  ];
}

function writeFiles(run: Run, loaded: LoadedTopology, { node, words }: Wanted): number {
  const folder = run.arguments.options.get('out') ?? node.name;
  const target = path.resolve(run.workingDir, folder);
  const files = filesOf(loaded, { node, words }, packageVersion()).map(({ name, text }) => {
    const place = path.join(target, name);
    const before = existsSync(place) ? readFileSync(place, 'utf8') : undefined;
    return { file: path.join(folder, name), place, text, state: stateOf(before, text) };
  });
  const differing = files.filter(({ state }) => state === 'differs');
  if (differing.length > 0 && !run.arguments.options.has('force')) {
    throw new ConfigError(differing.map(({ file }) => fill(words.renderDiffers, { file })).join('\n'));
  }
  mkdirSync(target, { recursive: true });
  for (const { place, text, state } of files) if (state !== 'same') writeFileSync(place, text);
  const join = joinOf(run, loaded, node, files[0]?.text ?? '');
  if (join !== undefined) writeFileSync(path.join(target, JOIN_FILE), `${join}\n`, { mode: 0o600 });
  const isManaged = loaded.topology.certificates !== undefined && !isRelay(node);
  const certificates = isRelay(node) ? 'tls/site.pem, tls/site.key' : 'tls/cert.pem, tls/key.pem';
  const command = join === undefined ? 'postern up --config postern.yaml' : `postern up --join ${JOIN_FILE}`;
  const next = fill(isManaged ? words.renderNextManaged : words.renderNext, {
    folder,
    node: node.name,
    certificates,
    command,
  });
  const told = files.map(({ file, state }) => ({ file, written: state !== 'same' }));
  const lines = told.map(({ file, written }) => fill(written ? words.renderWrote : words.renderSame, { file }));
  const joinLines = join === undefined ? [] : [fill(words.renderJoin, { file: path.join(folder, JOIN_FILE) })];
  printResult(run, { node: node.name, files: told, join: join ?? null, next }, [...lines, ...joinLines, next]);
  return 0;
}

/** The token by which a machine becomes this node; none where its key is not here, but on the machine itself. */
function joinOf(run: Run, { topology, file }: LoadedTopology, node: TopologyNode, config: string): string | undefined {
  const isLinked = topology.links.some(({ from, to }) => from === node.name || to === node.name);
  if (!isLinked) return writeJoin({ node: node.name, config, linkKey: undefined });
  const key = path.join(path.dirname(path.resolve(run.workingDir, file)), KEYS_FOLDER, `${node.name}.key`);
  if (!existsSync(key)) return undefined;
  return writeJoin({ node: node.name, config, linkKey: readFileSync(key, 'utf8') });
}

function stateOf(before: string | undefined, text: string): 'new' | 'same' | 'differs' {
  if (before === undefined) return 'new';
  return before === text ? 'same' : 'differs';
}

function printPeer(run: Run, topology: Topology, { node, words }: Wanted): number {
  const peer = renderSynapsePeer(topology, node);
  const values = { node: node.name, server: node.server ?? topology.name };
  if ('refused' in peer) throw new ConfigError(fill(words[peer.refused], values));
  printResult(run, peer, peerLines(peer, words));
  return 0;
}

/** The settings as they are copied, with what each is for. */
function peerLines({ server, hosts, resolver, ranges }: SynapsePeer, words: PlanTexts): string[] {
  const block = (head: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`# ${fill(head, { server })}`, ...lines, ''];
  return [
    ...block(words.peerHosts, hosts),
    ...block(words.peerResolver, resolver),
    ...block(
      words.peerSynapse,
      ranges.length === 0 ? [] : ['ip_range_whitelist:', ...ranges.map((one) => `  - '${one}'`)],
    ),
    ...(ranges.length === 0 ? [words.peerSynapseNone] : []),
    fill(words.peerNext, { server }),
  ];
}

/** `postern init` for more than one machine: the topology file, and the keys by which its nodes know each other. */
import { existsSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { stringify } from 'yaml';
import { createCrypto } from '../../adapters/crypto/index.ts';
import { createRandom } from '../../adapters/random/index.ts';
import { parseTopology } from '../../deploy/topology/check.ts';
import { mistakeText } from '../../deploy/topology/describe.ts';
import {
  type DraftAnswers,
  draftHasFront,
  draftNeedsAbroad,
  type DraftPlace,
  draftTopology,
  linkedNodes,
} from '../../deploy/topology/draft.ts';
import { BUILT_OPTIONS, type BuiltOption } from '../../deploy/topology/topology.ts';
import { formatNodeKey } from '../../lib/node-key.ts';
import { parseServerName } from '../../matrix/ids.ts';
import { splitServerName } from '../../matrix/server-address.ts';
import { fill } from '../../text/cli/index.ts';
import { topologyTexts } from '../../text/topology/index.ts';
import type { Run } from '../command.ts';
import { openSigningKeys } from '../compose/signing-key.ts';
import { ConfigError } from '../config/sources.ts';
import { printResult } from '../output.ts';
import { localeOf, TOPOLOGY_FILE } from '../topology-of.ts';
import { KEYS_FOLDER } from './render.ts';

/** What was answered, each as it is typed. */
export interface TopologyAnswers {
  readonly name: string;
  readonly option: string;
  readonly server?: string | undefined;
  readonly front?: string | undefined;
  readonly abroad?: string | undefined;
}

const LABEL_CHARS = 8;
const PATH_CHARS = 24;

/** Writes the file and the keys, where there is none yet. Throws {@link ConfigError} for answers that do not fit. */
export async function initTopology(run: Run, answers: TopologyAnswers): Promise<void> {
  const { texts, workingDir } = run;
  const file = run.arguments.options.get('topology') ?? TOPOLOGY_FILE;
  const target = path.resolve(workingDir, file);
  if (existsSync(target)) {
    printResult(run, { file, written: false }, [fill(texts.initExists, { file })]);
    return;
  }
  const draft = draftOf(run, answers);
  // What the draft is wrong in, the answers are: told before anything is written.
  const blank = draftTopology(draft, {
    label: 'label',
    linkPath: '/path',
    pathSecret: 'a-secret-of-20-chars',
    keys: new Map(),
  });
  const { mistakes } = parseTopology(blank);
  if (mistakes !== undefined) {
    const words = topologyTexts(localeOf(run));
    throw new ConfigError(mistakes.map((one) => mistakeText(one, words)).join('\n'));
  }
  const random = createRandom();
  const crypto = await createCrypto();
  const folder = path.join(path.dirname(target), KEYS_FOLDER);
  const keys = new Map(
    linkedNodes(draft).map((node) => {
      const { seed } = openSigningKeys(path.join(folder, `${node}.key`), random).current;
      return [node, formatNodeKey(crypto.ed25519PublicKey(seed))] as const;
    }),
  );
  const label = Array.from({ length: LABEL_CHARS }, () => random.integer(36).toString(36)).join('');
  const linkPath = `/${random.token(PATH_CHARS)}`;
  const topology = draftTopology(draft, { label, linkPath, pathSecret: random.token(PATH_CHARS), keys });
  const head = '# A deployment of Postern: docs/deploying/plan.md says what each key means.\n';
  writeFileSync(target, head + stringify(topology, { aliasDuplicateObjects: false }), { flag: 'wx', mode: 0o600 });
  const lines = [
    fill(texts.initWritten, { file }),
    ...(keys.size === 0 ? [] : [fill(texts.initKeys, { folder: path.join(path.dirname(file), KEYS_FOLDER) })]),
    texts.initTopologyNext,
  ];
  printResult(run, { file, written: true, keys: [...keys.keys()], next: texts.initTopologyNext }, lines);
}

function draftOf(run: Run, { name, option, server, front, abroad }: TopologyAnswers): DraftAnswers {
  const { texts } = run;
  const known = BUILT_OPTIONS.find((one) => one === option);
  if (known === undefined) {
    const allowed = BUILT_OPTIONS.join(', ');
    throw new ConfigError(fill(texts.initWrongOption, { found: option, allowed }));
  }
  const given = { name: 'abroad', value: abroad };
  const isGiven = abroad !== undefined && abroad !== '';
  return {
    name,
    option: known,
    server: placeOf(run, 'server', needed(run, known, { name: 'server', value: server })),
    front: draftHasFront(known)
      ? placeOf(run, 'front', needed(run, known, { name: 'front', value: front }))
      : undefined,
    abroad: isGiven || draftNeedsAbroad(known) ? abroadOf(run, needed(run, known, given)) : undefined,
  };
}

function needed(
  run: Run,
  option: BuiltOption,
  { name, value }: { readonly name: string; readonly value: string | undefined },
): string {
  if (value === undefined || value === '') throw new ConfigError(fill(run.texts.initNeeds, { name, option }));
  return value;
}

function placeOf(run: Run, name: string, text: string): DraftPlace {
  const place = parsePlace(text);
  if (place === undefined) throw new ConfigError(fill(run.texts.initWrongPlace, { name: `--${name}`, found: text }));
  return place;
}

function parsePlace(text: string): DraftPlace | undefined {
  if (text === 'none') return { addresses: [], port: undefined };
  const { host, port, isLiteral } = splitServerName(text);
  if (port === undefined) return undefined;
  if (host === 'dynamic') return { addresses: [], port };
  return isLiteral && isIP(host) !== 0 ? { addresses: [host], port } : undefined;
}

function abroadOf(run: Run, text: string): DraftAnswers['abroad'] {
  const [name = '', place = '', ...more] = text.split('=');
  const found = parsePlace(place);
  const isRight = found !== undefined && found.addresses.length > 0 && parseServerName(name) !== undefined;
  if (!isRight || more.length > 0) throw new ConfigError(fill(run.texts.initWrongAbroad, { found: text }));
  return { name, place: found };
}

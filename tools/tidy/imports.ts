/** The rules about imports that neither the compiler nor the linter can hold: order, faces, and what nobody imports. */
import { type Layers, layerOf } from '../layers/plan.ts';
import { type Import, readExports } from './graph.ts';
import { type Finding, isTest, type Source } from './source.ts';

/** Files that something else than an import starts: the bin, workers, pages, tools. */
const ENTRY_POINTS = [
  /^src\/cli\/main\.ts$/,
  /^src\/web\/lib\/workers\//,
  // Started as processes of their own, by their URL.
  /^src\/adapters\/images\/decoder\.ts$/,
  /^src\/storage\/conformance\/crash-writer\.ts$/,
  /(?:^|[-/])(?:worker|thread)\.ts$/,
  /\.d\.ts$/,
  // Types that a library takes from a browser.
  /^src\/adapters\/acme\/webcrypto\.ts$/,
  /^src\/web\/[^/]+\.tsx?$/,
  /^src\/web\/ui\/main\.tsx$/,
  // Taken in the place of another file by the build of client.html.
  /^src\/web\/ui\/engine-port-file\.ts$/,
  /^(?:tools|test|bench)\//,
];

interface Place {
  readonly layer: string;
  /** The folder right below the layer; '' for a file of the layer itself. */
  readonly folder: string;
  readonly rest: string;
}

function placeOf(layers: Layers, file: string): Place | undefined {
  if (!file.startsWith('src/')) return undefined;
  const layer = layerOf(layers, file.slice(4));
  if (layer === undefined) return undefined;
  const inside = file.slice(4 + layer.length + 1).split('/');
  return { layer, folder: inside.length > 1 ? (inside[0] ?? '') : '', rest: inside.slice(1).join('/') };
}

/** Folders of a layer with an `order` import only lower ones, and a service only another's `index.ts`. */
export function checkOrder(layers: Layers, imports: readonly Import[]): Finding[] {
  const findings: Finding[] = [];
  for (const one of imports) {
    if (isTest(one.from)) continue;
    const from = placeOf(layers, one.from);
    const to = placeOf(layers, one.to);
    if (from === undefined || to === undefined || to.folder === '') continue;
    const report = (rule: string, message: string): void => {
      findings.push({ rule, file: one.from, line: one.line, key: `${one.from}→${one.to}`, value: 1, message });
    };
    if (to.layer === 'server' && from.folder !== to.folder && to.rest !== 'index.ts') {
      report('face', `imports ${one.to}: take it from src/server/${to.folder}/index.ts, the folder's face.`);
    }
    const order = layers.get(from.layer)?.order;
    if (order === undefined || from.layer !== to.layer || from.folder === '' || from.folder === to.folder) continue;
    const rank = (folder: string): number => order.findIndex((group) => group.includes(folder));
    for (const folder of [from.folder, to.folder]) {
      if (rank(folder) === -1) report('order', `${from.layer}/${folder} has no place in the "order" of layers.json.`);
    }
    if (rank(to.folder) >= rank(from.folder)) {
      const why = rank(to.folder) === rank(from.folder) ? 'stands beside it' : 'stands above it';
      report('order', `${from.folder} imports ${to.folder}, which ${why}: take what it needs as an argument.`);
    }
  }
  return findings;
}

/** Values that no other file imports, and files that nobody imports. */
export function checkDead(sources: readonly Source[], imports: readonly Import[]): Finding[] {
  const used = new Map<string, Set<string>>();
  for (const one of imports) {
    const names = used.get(one.to) ?? new Set();
    for (const name of one.names) names.add(name);
    used.set(one.to, names);
  }
  const findings: Finding[] = [];
  for (const source of sources) {
    const { file } = source;
    if (isTest(file) || ENTRY_POINTS.some((pattern) => pattern.test(file))) continue;
    const names = used.get(file);
    if (names === undefined) {
      const message = 'No file imports this one: delete it, or register what it holds.';
      findings.push({ rule: 'dead-file', file, line: 1, key: file, value: 1, message });
      continue;
    }
    if (names.has('*')) continue;
    for (const { name, line } of readExports(source)) {
      if (names.has(name)) continue;
      const message = `${name} is exported and nobody imports it: drop \`export\`, or the code.`;
      findings.push({ rule: 'dead-export', file, line, key: `${file}#${name}`, value: 1, message });
    }
  }
  return findings;
}

/** Every check of tidy, run over one tree. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Layers, layerOf, readLayers } from '../layers/plan.ts';
import { checkDocs } from './docs.ts';
import { readImports } from './graph.ts';
import { checkHouse } from './house.ts';
import { checkDead, checkOrder } from './imports.ts';
import {
  checkDependencies,
  checkLicences,
  checkLock,
  type LockEntry,
  type Manifest,
  type PackageRules,
} from './packages.ts';
import { checkShape } from './shape.ts';
import { type Finding, readSources } from './source.ts';
import { checkWords, countCasts } from './words.ts';

/** What tidy finds in the tree at `root`. */
export function findAll(root: string): Finding[] {
  const layers = readLayers(readFileSync(path.join(root, 'src/layers.json'), 'utf8'));
  const sources = readSources(root);
  const imports = readImports(sources);
  return [
    ...sources.flatMap((source) => [...checkShape(source), ...checkWords(source), ...checkDocs(source)]),
    ...countCasts(sources, (file) => (file.startsWith('src/') ? layerOf(layers, file.slice(4)) : undefined)),
    ...checkOrder(layers, imports),
    ...checkDead(sources, imports),
    ...checkHouse(root, layers),
    ...findInPackages(root, layers),
  ];
}

function findInPackages(root: string, layers: Layers): Finding[] {
  if (!existsSync(path.join(root, 'package-lock.json'))) return [];
  const read = (file: string): unknown => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
  const rules = read('tools/packages.json') as PackageRules;
  const entries = (read('package-lock.json') as { packages: Record<string, LockEntry> }).packages;
  return [
    ...checkDependencies(read('package.json') as Manifest, rules, layers),
    ...checkLock(entries, rules),
    ...checkLicences(root, entries, rules),
  ];
}

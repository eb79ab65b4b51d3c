/**
 * Writes what enforces the dependency rule from its one source, `src/layers.json`: each layer's
 * `tsconfig.json`, the root `tsconfig.json`, and the overrides of `.oxlintrc.json`.
 * `node tools/layers.ts` writes, `node tools/layers.ts --check` compares and exits 1 on a difference.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { planFiles, readLayers } from './layers/plan.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

function main(check: boolean): number {
  const layers = readLayers(readFileSync(path.join(root, 'src/layers.json'), 'utf8'));
  let stale = 0;
  for (const [file, text] of planFiles(layers)) {
    const target = path.join(root, file);
    const current = existsSync(target) ? readFileSync(target, 'utf8') : '';
    if (current === text) continue;
    stale += 1;
    if (check) console.error(`${file} differs from src/layers.json: run "npm run layers"`);
    else writeFileSync(target, text);
  }
  if (!check) console.log(`layers: ${stale} file(s) written`);
  return check && stale > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.includes('--check'));

/**
 * Holds the house to its numbers. `node tools/tidy.ts [--root FOLDER]` exits 1 on what is worse than
 * `tools/tidy-baseline.json`; `--all` lists what the baseline lets stand, too; `--lower` writes the baseline
 * downwards; `--lower --accept` takes in what is new (say why in the commit).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findAll } from './tidy/all.ts';
import { type Baseline, judge, lower } from './tidy/baseline.ts';
import type { Finding } from './tidy/source.ts';

function print(findings: readonly Finding[]): void {
  for (const { rule, file, line, message } of findings) console.error(`${file}:${line} [${rule}] ${message}`);
}

function main(): number {
  const { values } = parseArgs({
    options: {
      root: { type: 'string', default: path.dirname(path.dirname(fileURLToPath(import.meta.url))) },
      all: { type: 'boolean', default: false },
      lower: { type: 'boolean', default: false },
      accept: { type: 'boolean', default: false },
    },
  });
  const file = path.join(values.root, 'tools/tidy-baseline.json');
  const baseline = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Baseline) : {};
  const findings = findAll(values.root);
  const next = values.lower ? lower(findings, baseline, values.accept) : baseline;
  if (values.lower) writeFileSync(file, `${JSON.stringify(next, null, 2)}\n`);
  const { errors, standing, better } = judge(findings, next);
  if (values.all) print(standing);
  print(errors);
  const lowered = better.length === 0 ? '' : `; ${better.length} can be lowered with "npm run tidy -- --lower"`;
  console.log(`tidy: ${errors.length} error(s), ${standing.length} standing in the baseline${lowered}`);
  return errors.length > 0 ? 1 : 0;
}

process.exitCode = main();

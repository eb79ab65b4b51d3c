/** The dependency rule is written once, in src/layers.json: what is drawn from it elsewhere says the same. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Layers, planFiles } from '../layers/plan.ts';
import type { Finding } from './source.ts';

/** Generated project files and the table in ARCHITECTURE.md agree with src/layers.json. */
export function checkHouse(root: string, layers: Layers): Finding[] {
  const findings: Finding[] = [];
  for (const [file, text] of planFiles(layers)) {
    const target = path.join(root, file);
    if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
    findings.push(finding(file, 'differs from src/layers.json: run "npm run layers".'));
  }
  const map = path.join(root, 'ARCHITECTURE.md');
  if (!existsSync(map)) return [...findings, finding('ARCHITECTURE.md', 'is missing.')];
  return [...findings, ...compareTable(readTable(readFileSync(map, 'utf8')), layers)];
}

function finding(file: string, message: string): Finding {
  return { rule: 'layers', file, line: 1, key: `${file}#${message}`, value: 1, message };
}

/** Rows `| \`layer\` | \`a\`, \`b\` | … |` of the first table whose head names "layer" and "may import". */
export function readTable(text: string): Map<string, string[]> {
  const rows = new Map<string, string[]>();
  const lines = text.split('\n');
  const head = lines.findIndex((line) => /^\|\s*layer\s*\|\s*may import\s*\|/i.test(line));
  if (head === -1) return rows;
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break;
    const [, layer = '', may = ''] = line.split('|');
    rows.set(quoted(layer)[0] ?? layer.trim(), quoted(may));
  }
  return rows;
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

function compareTable(table: ReadonlyMap<string, readonly string[]>, layers: Layers): Finding[] {
  const findings: Finding[] = [];
  for (const [name, layer] of layers) {
    const row = table.get(name);
    const wanted = layer.may.toSorted().join(', ');
    if (row === undefined) findings.push(finding('ARCHITECTURE.md', `has no row for the layer ${name}.`));
    else if (row.toSorted().join(', ') !== wanted) {
      findings.push(finding('ARCHITECTURE.md', `says that ${name} may import ${row.join(', ')}; it is ${wanted}.`));
    }
  }
  for (const name of table.keys()) {
    if (!layers.has(name)) findings.push(finding('ARCHITECTURE.md', `has a row for ${name}, which is no layer.`));
  }
  return findings;
}

/**
 * Completes `package-lock.json` after npm has renewed it: `node tools/lockfile.ts`. A registry that lacks the packages
 * of other platforms makes npm write a lockfile that `npm ci` refuses; this adds their rows.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LockRow, missingRows } from './lockfile/complete.ts';

const file = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockRow> };
const rows = missingRows(lock.packages);
lock.packages = Object.fromEntries(
  Object.entries({ ...lock.packages, ...Object.fromEntries(rows) }).toSorted(([a], [b]) => (a < b ? -1 : 1)),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`lockfile: ${rows.size} row(s) added`);

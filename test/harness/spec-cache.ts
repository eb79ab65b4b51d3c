/** The parsed OpenAPI files, kept between the processes of a test run: parsing takes most of a second. */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadOperations, type Operation } from '../../tools/spec/operations.ts';

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../dist/.cache');

/** The client-server operations of the specification in `spec`. */
export function cachedOperations(spec: string): Operation[] {
  const folder = path.join(spec, 'data/api/client-server');
  const stamp = readdirSync(folder).reduce(
    (newest, file) => Math.max(newest, statSync(path.join(folder, file)).mtimeMs),
    0,
  );
  const file = path.join(FOLDER, `client-server-${Math.round(stamp)}.json`);
  const kept = readKept(file);
  if (kept !== undefined) return kept;
  const operations = loadOperations(spec, ['client-server']);
  mkdirSync(FOLDER, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  const plain = operations.map((one) => ({ ...one, responses: [...one.responses] }));
  writeFileSync(temporary, JSON.stringify(plain));
  renameSync(temporary, file);
  return operations;
}

type Kept = Omit<Operation, 'responses'> & { responses: [string, Record<string, unknown> | undefined][] };

function readKept(file: string): Operation[] | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const kept = JSON.parse(text) as Kept[];
  // What JSON has written as null was no schema.
  return kept.map((one) => ({
    ...one,
    responses: new Map(one.responses.map(([status, schema]) => [status, schema ?? undefined])),
  }));
}

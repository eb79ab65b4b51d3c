/**
 * `npm run test:interop`: installs the other homeserver where it is not there yet, then runs every `*.interop.ts`; with
 * file names as arguments, only those. It ends with a summary of its own. `-- --help` shows the options.
 */
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installSynapse } from './synapse/install.ts';

const HELP = `npm run test:interop -- [options] [files]
  --short            what CI runs: both pairs of Postern and Synapse, room versions 1 and 12, and requests between them
  --pairs <a-b,…>    host and guest: Postern-Postern, Postern-Synapse, Synapse-Postern, Synapse-Synapse
  --rooms <n,…>      room versions of the journeys through rooms, 1 to 12; 1,10,11,12 unless given
  --only <pattern>   tests whose names match`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    pairs: { type: 'string' },
    rooms: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const SHORT = { pairs: 'Postern-Synapse,Synapse-Postern', rooms: '1,12' };
const SHORT_FILES = ['journeys/journeys.interop.ts', 'synapse/peers.interop.ts'];
/** A machine of CI that gets no packages in this time counts as one without them. */
const INSTALL_MAX_MS = values.short ? 200_000 : 600_000;
const TEST_MAX_MS = 300_000;

function say(text: string): void {
  console.log(`[interop ${Math.round(performance.now() / 1000)} s] ${text}`);
}

/** Tells the journeys, which run in processes of their own, what to leave out; in words, what is left. */
function choose(): string {
  const { pairs, rooms } = values.short ? { ...SHORT, ...values } : values;
  if (pairs !== undefined) process.env['POSTERN_INTEROP_PAIRS'] = pairs;
  if (rooms !== undefined) process.env['POSTERN_INTEROP_ROOM_VERSIONS'] = rooms;
  return `pairs ${pairs ?? 'all'}, room versions ${rooms ?? '1,10,11,12'}`;
}

function chooseFiles(): string[] {
  if (positionals.length > 0) return positionals;
  return values.short ? SHORT_FILES.map((name) => FOLDER + name) : globSync(`${FOLDER}**/*.interop.ts`);
}

/** What the runner adds to errors and its types do not name. */
function failureType(error: object): unknown {
  return 'failureType' in error ? error.failureType : undefined;
}

/** Runs the files one at a time, as each of them starts servers of its own; whether all went well. */
async function runTests(): Promise<boolean> {
  const what = choose();
  const failures: string[] = [];
  const counts = { passed: 0, skipped: 0 };
  const tests = run({
    files: chooseFiles(),
    concurrency: 1,
    timeout: TEST_MAX_MS,
    ...(values.only !== undefined && { testNamePatterns: [values.only] }),
  });
  tests.on('test:fail', ({ name, details }) => {
    // A suite fails with its tests, which are told of already.
    if (failureType(details.error) !== 'subtestsFailed') failures.push(name);
  });
  tests.on('test:pass', ({ skip, details }) => {
    if (details.type === 'suite') return;
    if (skip === undefined) counts.passed += 1;
    else counts.skipped += 1;
  });
  for await (const line of tests.compose(spec)) process.stdout.write(String(line));
  say(`${counts.passed} passed, ${failures.length} failed, ${counts.skipped} skipped: ${what}`);
  for (const name of failures) say(`failed: ${name}`);
  // Nothing is no success: the options may name nothing that there is.
  return failures.length === 0 && counts.passed > 0;
}

if (values.help) {
  console.log(HELP);
} else {
  const missing = await installSynapse(INSTALL_MAX_MS, say);
  if (missing === undefined) process.exitCode = (await runTests()) ? 0 : 1;
  else say(`SKIPPED! Nothing has been tested with Synapse, which cannot be had here:\n  ${missing}\n  SKIPPED!`);
}

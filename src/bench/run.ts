/** The benchmark's own entry point: `postern bench` starts it. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench, type Measurement, type Scenario } from './context.ts';
import { Fleet } from './remotes/fleet.ts';
import { renderReport } from './report.ts';
import { initialSync, slidingWindow, syncBreadth } from './scenarios/breadth.ts';
import { fanOut } from './scenarios/fan-out.ts';
import { idleAndStart, killUnderLoad, mediaTransfer } from './scenarios/lifecycle.ts';
import { catchUp } from './scenarios/catch-up.ts';
import { federatedForks } from './scenarios/federated-forks.ts';
import { federatedJoin } from './scenarios/federated-join.ts';
import { inbound } from './scenarios/inbound.ts';
import { outbound } from './scenarios/outbound.ts';
import { sendManyRooms, sendOneRoom } from './scenarios/send.ts';
import { stateChurn, stateResolution } from './scenarios/state.ts';
import { bytesOnTheWire } from './scenarios/wire.ts';
import { readTarget, startOwn, type Target } from './target.ts';

/** One line of the results file. */
export interface ResultLine extends Measurement {
  readonly target: string;
  readonly version: string;
  readonly commit: string;
  readonly round: number;
  readonly order: number;
  readonly seed: number;
  readonly at: string;
  readonly durability: string;
  readonly host: { readonly cpu: string; readonly cpus: number; readonly node: string };
}

const SCENARIOS: readonly Scenario[] = [
  sendOneRoom,
  sendManyRooms,
  fanOut,
  syncBreadth,
  initialSync,
  slidingWindow,
  federatedJoin,
  stateResolution,
  federatedForks,
  stateChurn,
  idleAndStart,
  outbound,
  catchUp,
  killUnderLoad,
  mediaTransfer,
  bytesOnTheWire,
  inbound,
];

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

function commitOf(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'none';
  }
}

function versionOf(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

interface Choices {
  readonly scenarios: readonly Scenario[];
  readonly targets: readonly string[];
  readonly rounds: number;
  readonly short: boolean;
  readonly seed: number;
  readonly out: string | undefined;
  readonly html: string | undefined;
}

function readChoices(): Choices {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string' },
      target: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      short: { type: 'boolean', default: false },
      out: { type: 'string' },
      html: { type: 'string' },
    },
  });
  const names = values.scenario?.split(',') ?? SCENARIOS.map((one) => one.name);
  const unknown = names.find((name) => !SCENARIOS.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new Error(`there is no scenario ${unknown}; there are ${SCENARIOS.map((one) => one.name).join(', ')}`);
  }
  return {
    scenarios: SCENARIOS.filter((one) => names.includes(one.name)),
    targets: values.target ?? [],
    rounds: Number(values.rounds),
    short: values.short,
    seed: Number(values.seed),
    out: values.out,
    html: values.html,
  };
}

/** The targets of a run: those of the files, or one Postern that is started for it. */
async function openTargets(files: readonly string[], fleet: Fleet | undefined): Promise<Target[]> {
  if (files.length > 0) return files.map(readTarget);
  return [await startOwn(path.join(root, 'bin/postern.cjs'), fleet)];
}

type Note = (target: Target, at: { readonly round: number; readonly order: number }, one: Measurement) => void;

/** One round of a scenario, with servers of its own: none finds what another has left. */
async function runRound(scenario: Scenario, round: number, { choices, note }: { choices: Choices; note: Note }) {
  const options = { short: choices.short, seed: choices.seed + round };
  const groups = scenario.remotes?.(options);
  const fleet = groups === undefined ? undefined : await Fleet.open(groups);
  try {
    const targets = await openTargets(choices.targets, fleet);
    // The order is reversed each round.
    const ordered = round % 2 === 1 ? targets : targets.toReversed();
    for (const [order, target] of ordered.entries()) {
      const bench = new Bench({ target, fleet }, options, (one) => note(target, { round, order }, one));
      try {
        if (fleet === undefined || target.control !== undefined) await scenario.run(bench);
        else bench.emit(absent(scenario));
      } finally {
        bench.close();
        await target.control?.stop();
      }
    }
  } finally {
    await fleet?.close();
  }
}

/** "A missing feature is recorded as such, never skipped silently." */
function absent({ name }: Scenario): Measurement {
  const why = 'a server that was started elsewhere does not know where the servers of the bench are';
  return { scenario: name, parameters: {}, values: {}, verdict: 'absent', why };
}

async function main(): Promise<void> {
  const choices = readChoices();
  const lines: ResultLine[] = [];
  const facts = { version: versionOf(), commit: commitOf() };
  const host = { cpu: cpus()[0]?.model ?? 'unknown', cpus: cpus().length, node: process.versions.node };
  const note: Note = (target, at, measurement) => {
    const line: ResultLine = {
      ...measurement,
      target: target.name,
      ...facts,
      ...at,
      seed: choices.seed,
      at: new Date().toISOString(),
      durability: 'fsync before the answer',
      host,
    };
    lines.push(line);
    if (choices.out !== undefined) appendFileSync(choices.out, `${JSON.stringify(line)}\n`);
    const values = Object.entries(line.values).map(([name, value]) => `${name} ${value}`);
    const verdict = line.verdict === 'valid' ? '' : ` ${line.verdict.toUpperCase()}: ${line.why ?? ''}`;
    console.log(`${line.scenario} ${JSON.stringify(line.parameters)} ${values.join(' · ')}${verdict}`);
  };
  for (const scenario of choices.scenarios) {
    for (let round = 1; round <= choices.rounds; round += 1) await runRound(scenario, round, { choices, note });
  }
  if (choices.html !== undefined)
    writeFileSync(choices.html, renderReport(lines, new Map(SCENARIOS.map((one) => [one.name, one.about]))));
  if (lines.some((line) => line.verdict === 'void')) process.exitCode = 1;
}

await main();

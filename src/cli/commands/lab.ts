import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  abouts,
  BORDER_PROFILES,
  type BorderProfile,
  checkLab,
  findObstacle,
  findSurprises,
  LAYOUTS,
  MECHANISMS,
  readResults,
  renderReport,
  type Result,
  runLab,
  type RunSettings,
  SHORT_MECHANISMS,
  unknownNames,
} from '../../lab/index.ts';
import { fill } from '../../text/cli/index.ts';
import type { Command, Run } from '../command.ts';
import { packageVersion } from '../compose/package-version.ts';
import { ConfigError } from '../config/sources.ts';
import { printResult } from '../output.ts';

export const lab: Command = {
  name: 'lab',
  about: (texts) => texts.commandLab,
  usage: 'lab run [OPTION …] [--mechanism LIST] [--border LIST] [--short] [--out FOLDER] | list | check | report FILE',
  options: [
    { name: 'mechanism', value: 'LIST', text: 'mechanisms to try; all unless given' },
    {
      name: 'border',
      value: 'LIST',
      text: 'hours at which messages are timed: clear, calm, evening, bad; none for no times',
    },
    { name: 'messages', value: 'N', text: 'messages for each time; 200 unless given' },
    { name: 'idle', value: 'SECONDS', text: 'how long an idle device is listened to; 60 unless given' },
    {
      name: 'island',
      value: 'SECONDS',
      text: 'how long the border is cut in the island test; 60 unless given, 0 for none',
    },
    { name: 'short', text: 'the cells that every change is held by, and no times' },
    { name: 'out', value: 'FOLDER', text: 'write results.jsonl there' },
    { name: 'html', text: 'write report.html beside it' },
    { name: 'loopback', text: 'the approximate network, even where namespaces are to be had' },
    { name: 'pcap', value: 'FILE', text: 'write all packets there' },
  ],
  positionalsMax: 1 + LAYOUTS.length,
  takesConfig: false,
  async run(run) {
    const [action, ...names] = run.arguments.positionals;
    if (action === 'run') return await runScenarios(run, names);
    if (action === 'list' && names.length === 0) return list(run);
    if (action === 'check' && names.length === 0) return await check(run);
    if (action === 'report' && names.length === 1) return report(run, names[0] ?? '');
    throw new ConfigError(run.texts.labActions);
  },
};

function list(run: Run): number {
  const options = LAYOUTS.map(({ name, about }) => ({ name, about }));
  const mechanisms = MECHANISMS.map(({ name, number, about }) => ({ name, number, about }));
  printResult(run, { options, mechanisms }, [
    `${run.texts.labOptions}:`,
    ...options.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`),
    '',
    `${run.texts.labMechanisms}:`,
    ...mechanisms.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`),
  ]);
  return 0;
}

async function check(run: Run): Promise<number> {
  const facts = await checkLab();
  const { texts } = run;
  const said = (obstacle: string | undefined): string => obstacle ?? texts.labPossible;
  const kbps = (value: number | undefined): string => (value === undefined ? '–' : `${Math.round(value)}`);
  const { crossCheck } = facts;
  const shares = (share: number): string => `${(share * 100).toFixed(1)} %`;
  printResult(run, facts, [
    `${texts.labNamespaces}: ${said(facts.namespaces)}`,
    `${texts.labBrowser}: ${said(facts.browser)}`,
    ...(crossCheck === undefined
      ? []
      : [
          fill(texts.labRate, {
            lab: kbps(crossCheck.rate.lab),
            kernel: kbps(crossCheck.rate.kernel),
            nominal: kbps(crossCheck.rate.nominal),
          }),
          fill(texts.labLoss, { lab: shares(crossCheck.loss.lab), nominal: shares(crossCheck.loss.nominal) }),
        ]),
  ]);
  return facts.namespaces === undefined && facts.browser === undefined ? 0 : 1;
}

function report(run: Run, file: string): number {
  const results = readResults(readFileSync(path.resolve(run.workingDir, file), 'utf8'));
  const page = path.join(path.dirname(path.resolve(run.workingDir, file)), 'report.html');
  writeFileSync(page, renderReport(results, abouts()));
  printResult(run, { page }, [fill(run.texts.labWritten, { file: page })]);
  return 0;
}

async function runScenarios(run: Run, names: readonly string[]): Promise<number> {
  const { texts } = run;
  const settings = settingsOf(run, names);
  const unknown = unknownNames(settings);
  if (unknown.length > 0) throw new ConfigError(fill(texts.labUnknown, { names: unknown.join(', ') }));
  const obstacle = await findObstacle();
  if (obstacle !== undefined) {
    printResult(run, { skipped: obstacle }, [fill(texts.labObstacle, { reason: obstacle })]);
    // In a short run nothing is wrong with what is tested where the machine cannot run it.
    return run.arguments.options.has('short') ? 0 : 1;
  }
  const results: Result[] = [];
  const files = openFiles(run);
  const failure = await runLab(settings, (result) => {
    results.push(result);
    files.write(result);
    if (run.arguments.json) console.log(JSON.stringify(result));
    else for (const line of describeResult(result, run)) console.log(line);
  });
  files.close(results);
  if (failure !== undefined) console.error(fill(texts.failed, { reason: failure }));
  const surprises = run.arguments.options.has('short') ? findSurprises(results) : [];
  for (const surprise of surprises) console.error(fill(texts.labSurprise, { cell: surprise }));
  return failure === undefined && surprises.length === 0 ? 0 : 1;
}

/** Results go to the disk one by one: a run that is cut short keeps what it has. */
function openFiles(run: Run) {
  const { options } = run.arguments;
  const out = options.get('out') ?? (options.has('html') ? 'lab' : undefined);
  const folder = out === undefined ? undefined : path.resolve(run.workingDir, out);
  const lines = path.join(folder ?? '', 'results.jsonl');
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    rmSync(lines, { force: true });
  }
  return {
    write(result: Result): void {
      if (folder !== undefined) appendFileSync(lines, `${JSON.stringify(result)}\n`);
    },
    close(results: readonly Result[]): void {
      if (folder === undefined || !options.has('html')) return;
      const page = path.join(folder, 'report.html');
      writeFileSync(page, renderReport(results, abouts()));
      if (!run.arguments.json) console.log(fill(run.texts.labWritten, { file: page }));
    },
  };
}

const DEFAULT_OPTIONS = ['1', '2', '3', '4', '4t'];

function settingsOf(run: Run, names: readonly string[]): RunSettings {
  const { options, raw } = run.arguments;
  const isShort = options.has('short');
  const listed = (name: string): string[] | undefined =>
    options
      .get(name)
      ?.split(',')
      .map((one) => one.trim());
  const borders = listed('border') ?? (isShort ? ['none'] : ['calm', 'evening', 'bad']);
  const pcap = options.get('pcap');
  return {
    // Where the results go is the machine's own affair.
    command: `postern lab ${raw.filter((one, at) => !one.startsWith('--out') && raw[at - 1] !== '--out').join(' ')}`,
    version: packageVersion(),
    options: names.length > 0 ? names : isShort ? DEFAULT_OPTIONS : LAYOUTS.map((one) => one.name),
    mechanisms: listed('mechanism') ?? (isShort ? SHORT_MECHANISMS : MECHANISMS.map((one) => one.name)),
    borders: borders.flatMap((one) => (one === 'none' ? [] : [requireBorder(one, run)])),
    messages: countOf(run, 'messages', 200),
    idleSeconds: countOf(run, 'idle', 60),
    islandSeconds: countOf(run, 'island', isShort ? 0 : 60),
    stepSeconds: isShort ? 15 : 20,
    ...(options.has('loopback') && { backend: 'loopback' as const }),
    ...(pcap !== undefined && { pcapPath: path.resolve(run.workingDir, pcap) }),
  };
}

function requireBorder(name: string, run: Run): BorderProfile {
  const found = BORDER_PROFILES.find((one) => one === name);
  if (found === undefined) throw new ConfigError(fill(run.texts.labUnknown, { names: name }));
  return found;
}

function countOf(run: Run, name: string, otherwise: number): number {
  const given = run.arguments.options.get(name);
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!/^\d{1,6}$/.test(given)) throw new ConfigError(fill(run.texts.labNumber, { name }));
  return value;
}

/** A result as lines that people read while the run goes on. */
function describeResult(result: Result, { texts }: Run): string[] {
  switch (result.kind) {
    case 'run':
      return [fill(texts.labStarted, { backend: result.backend })];
    case 'cell': {
      const { option, mechanism, seconds, failedAt } = result;
      const place = `${option.padEnd(4)}${mechanism.padEnd(13)}`;
      return failedAt === undefined
        ? [`${place}${fill(texts.labSurvived, { seconds })}`]
        : [`${place}${fill(texts.labFailed, { step: failedAt })}`];
    }
    case 'latency': {
      const { option, border, to, ack, screen, lost } = result;
      const values = { to, median: ack.p50, slow: ack.p95, screen: screen.p95, lost };
      return [`${option.padEnd(4)}${border.padEnd(13)}${fill(texts.labLatency, values)}`];
    }
    default: {
      const { kind, option, ...rest } = result;
      return [`${option.padEnd(4)}${kind.padEnd(13)}${JSON.stringify(rest)}`];
    }
  }
}

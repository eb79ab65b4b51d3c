import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../adapters/clock/index.ts';
import type { ManagedCertificate } from '../../deploy/certificates/entry.ts';
import type { CertificateFolder } from '../../deploy/certificates/folder.ts';
import { type CertificateReport, reportOf } from '../../deploy/certificates/report.ts';
import { type Action, hasRequest, readState, writeRequest } from '../../deploy/certificates/state.ts';
import { type CertTexts, certTexts } from '../../text/cert/index.ts';
import { fill } from '../../text/cli/index.ts';
import type { Command, Run } from '../command.ts';
import { certificateFolder, managedOf } from '../compose/managed.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../config/sources.ts';
import { configOf } from '../config-of.ts';
import { printResult } from '../output.ts';

/** Until a running Postern has taken a wish up. */
const TAKEN_MAX_MS = 10_000;
/** Until something has come of it. */
const DONE_MAX_MS = 330_000;
const LOOK_MS = 200;

interface Scene {
  readonly run: Run;
  readonly config: Config;
  readonly folder: CertificateFolder;
  readonly words: CertTexts;
}

export const cert: Command = {
  name: 'cert',
  about: (texts) => texts.commandCert,
  usage: 'cert show|issue|renew|ready|ship [NAME] [--config FILE]',
  options: [],
  positionalsMax: 2,
  takesConfig: true,
  async run(run) {
    const { config, dataDir } = configOf(run);
    const words = certTexts(run.environment['LC_ALL'] ?? run.environment['LANG']);
    const scene: Scene = { run, config, words, folder: certificateFolder(dataDir) };
    const [action = 'show', name] = run.arguments.positionals;
    const chosen = choose(scene, name);
    if (action === 'show') return show(scene, chosen);
    const perform = ACTIONS.get(action);
    if (perform === undefined) throw new ConfigError(words.usage);
    const codes: number[] = [];
    for (const one of chosen) codes.push(await perform(scene, one));
    return Math.max(0, ...codes);
  },
};

type Perform = (scene: Scene, managed: ManagedCertificate) => Promise<number>;

const ACTIONS: ReadonlyMap<string, Perform> = new Map<string, Perform>([
  ['issue', (scene, managed) => ask(scene, managed, 'issue')],
  ['renew', (scene, managed) => ask(scene, managed, 'renew')],
  ['ready', (scene, managed) => ask(scene, managed, 'ready')],
  ['ship', ship],
]);

function choose({ config, words }: Scene, name: string | undefined): ManagedCertificate[] {
  const all = managedOf(config);
  const chosen = name === undefined ? all : all.filter(({ id }) => id === name);
  if (chosen.length > 0 || name === undefined) return chosen;
  throw new ConfigError(fill(words.unknown, { id: name, known: all.map(({ id }) => id).join(', ') || '–' }));
}

function report({ config, folder }: Scene, managed: ManagedCertificate): CertificateReport {
  return reportOf(managed, { folder, zone: config.certificates.zone, nowMs: systemClock.now() });
}

/** Tells the state of each; exits with 1 where one is late, over or missing. */
function show(scene: Scene, chosen: readonly ManagedCertificate[]): number {
  const { run, words } = scene;
  const reports = chosen.map((one) => ({ ...report(scene, one), usedBy: placesOf(scene.config, one.id) }));
  const lines = reports.flatMap((one) => describe(one, one.usedBy, words));
  printResult(
    run,
    { certificates: reports },
    reports.length === 0 ? [words.none] : [...lines, nextStep(reports, words)],
  );
  return reports.some(({ state }) => state !== 'valid') ? 1 : 0;
}

function placesOf({ listeners, relay }: Config, id: string): string[] {
  const uses = (tls: object | undefined): boolean => tls !== undefined && 'managed' in tls && tls.managed === id;
  return [
    ...listeners.filter(({ tls }) => uses(tls)).map(({ address, port }) => `${address}:${port}`),
    ...(relay !== null && uses(relay.site) ? [`${relay.address}:${relay.port}`] : []),
  ];
}

function describe(one: CertificateReport, places: readonly string[], words: CertTexts): string[] {
  const { id, state, issuer = '', daysLeft: days = 0, challenge, from, why } = one;
  const head = fill(words[state], { id, names: one.names.join(', '), issuer, days, until: dateOf(one.validTo) });
  return [
    head,
    places.length === 0 ? words.unused : fill(words.usedBy, { places: places.join(', ') }),
    ...(challenge === undefined ? [] : [fill(words.proven, { challenge })]),
    ...(from === undefined ? [] : [fill(words.fromNode, { node: from })]),
    ...one.shipTo.map(({ node, isThere }) => fill(isThere ? words.shippedTo : words.notShippedTo, { node })),
    ...one.aliases.map(({ name, target }) => fill(words.cname, { name, target })),
    ...one.records.map(({ name, value }) => fill(words.record, { name, value })),
    ...(why === undefined ? [] : [fill(words.failure, { why })]),
  ];
}

function nextStep(reports: readonly CertificateReport[], words: CertTexts): string {
  const waiting = reports.find(({ records }) => records.length > 0);
  if (waiting !== undefined) return fill(words.nextRecords, { id: waiting.id });
  const bad = reports.find(({ state, from }) => state !== 'valid' && from === undefined);
  if (bad === undefined) return words.nextAllGood;
  return fill(bad.aliases.length > 0 ? words.nextCname : words.nextIssue, { id: bad.id });
}

/** Asks the running Postern for something, and waits for what comes of it. */
async function ask(scene: Scene, managed: ManagedCertificate, action: Action): Promise<number> {
  const { run, folder, words } = scene;
  const { id, from } = managed;
  const say = (value: object, text: string): void => printResult(run, { id, ...value }, [text]);
  if (from !== undefined) throw new ConfigError(fill(words.cannotIssue, { id, node: from }));
  const before = report(scene, managed);
  if (action === 'issue' && before.state === 'valid') {
    say({ outcome: 'already', validTo: before.validTo }, fill(words.already, { id }));
    return 0;
  }
  const { endedAt } = readState(folder, id);
  writeRequest(folder, id, action);
  if (!(await until(() => !hasRequest(folder, id), TAKEN_MAX_MS))) {
    folder.remove(`${id}.request`);
    say({ outcome: 'nobody' }, words.nextServe);
    return 1;
  }
  if (!run.arguments.json) console.log(words.waits);
  await until(() => readState(folder, id).endedAt !== endedAt || waits(folder, id, action), DONE_MAX_MS);
  const after = readState(folder, id);
  if (after.endedAt === endedAt) {
    const one = report(scene, managed);
    printResult(run, { id, outcome: 'waiting', records: one.records }, [
      ...describe(one, [], words),
      one.records.length > 0 ? fill(words.nextRecords, { id }) : fill(words.slow, { id }),
    ]);
    return 1;
  }
  if (after.why !== undefined) {
    say({ outcome: 'failed', why: after.why }, fill(words.failed, { id, why: after.why }));
    return 1;
  }
  const { validTo } = report(scene, managed);
  say({ outcome: 'issued', validTo }, `${fill(words.issued, { id, until: dateOf(validTo) })}\n${words.nextAllGood}`);
  return 0;
}

/** Whether it is the owner's turn: records have to be added. */
function waits(folder: CertificateFolder, id: string, action: Action): boolean {
  return action !== 'ready' && readState(folder, id).records.length > 0;
}

async function ship({ run, folder, words }: Scene, { id, shipTo }: ManagedCertificate): Promise<number> {
  const nodes = shipTo.join(', ');
  if (shipTo.length === 0) {
    printResult(run, { id, outcome: 'nowhere' }, [fill(words.shipsNowhere, { id })]);
    return 0;
  }
  writeRequest(folder, id, 'ship');
  const isTaken = await until(() => !hasRequest(folder, id), TAKEN_MAX_MS);
  if (!isTaken) folder.remove(`${id}.request`);
  printResult(run, { id, outcome: isTaken ? 'asked' : 'nobody', nodes: shipTo }, [
    isTaken ? fill(words.shipping, { id, nodes }) : words.nextServe,
  ]);
  return isTaken ? 0 : 1;
}

async function until(look: () => boolean, timeoutMs: number): Promise<boolean> {
  const endAt = systemClock.monotonic() + timeoutMs;
  while (!look()) {
    if (systemClock.monotonic() >= endAt) return false;
    await wait(LOOK_MS);
  }
  return true;
}

function dateOf(ms: number | undefined): string {
  return ms === undefined ? '–' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

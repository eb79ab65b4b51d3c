/** The process that makes the lab and runs scenarios in it: inside the namespaces, or without them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { LoopbackLab } from '../loopback/loopback-lab.ts';
import { endWithParent, isInside } from '../namespaces/enter.ts';
import { NamespaceLab } from '../namespaces/namespace-lab.ts';
import { HOSTS } from '../network/topology.ts';
import { LAYOUTS } from '../scenario/layouts.ts';
import { MECHANISMS } from '../scenario/mechanisms.ts';
import type { Result } from './results.ts';
import { runPlan } from './run.ts';
import type { RunReport, RunSettings } from './settings.ts';

endWithParent();
const [settingsText = '{}'] = process.argv.slice(2);
const settings: RunSettings = JSON.parse(settingsText);

function tell(report: RunReport): void {
  process.send?.(report);
}

function emit(result: Result): void {
  tell({ tell: 'result', result });
}

function pick<T extends { readonly name: string }>(all: readonly T[], names: readonly string[]): T[] {
  return names.flatMap((name) => all.find((one) => one.name === name) ?? []);
}

async function main(): Promise<void> {
  const { pcapPath, borders, messages, idleSeconds, islandSeconds, stepSeconds } = settings;
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-lab-run-'));
  const lab = isInside()
    ? await NamespaceLab.open({ hosts: HOSTS, ...(pcapPath !== undefined && { pcapPath }) })
    : new LoopbackLab(HOSTS);
  emit({
    kind: 'run',
    version: settings.version,
    command: settings.command,
    backend: lab.backend,
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node.js ${process.version}`,
  });
  const layouts = pick(LAYOUTS, settings.options);
  const mechanisms = pick(MECHANISMS, settings.mechanisms);
  try {
    const amounts = { messages, idleSeconds, islandSeconds, stepSeconds };
    await runPlan(lab, { layouts, mechanisms, borders, folder, ...amounts }, emit);
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    tell({ tell: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exit(1);
  },
);

/** The face of the lab: what it can do here, what it knows, and a run of it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { siblingUrl } from '../lib/sibling-url.ts';
import { enter, namespaceObstacle } from './namespaces/enter.ts';
import type { Abouts } from './report/report.ts';
import type { Result } from './run/results.ts';
import type { RunReport, RunSettings } from './run/settings.ts';
import { browserObstacle } from './scenario/driver.ts';
import { LAYOUTS } from './scenario/layouts.ts';
import { MECHANISMS } from './scenario/mechanisms.ts';

export { checkLab } from './check/check.ts';
export { renderReport } from './report/report.ts';
export { readResults } from './run/results.ts';
export { LAYOUTS } from './scenario/layouts.ts';
export { findSurprises } from './scenario/expected.ts';
export { MECHANISMS, SHORT_MECHANISMS } from './scenario/mechanisms.ts';
export { BORDER_PROFILES, type BorderProfile } from './shape/profiles.ts';
export type { Result } from './run/results.ts';
export type { RunSettings } from './run/settings.ts';

/** Why scenarios cannot be run here; `undefined` where they can. */
export async function findObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it needs Linux';
  return await browserObstacle();
}

/** What each option is, by its name. */
export function abouts(): Abouts {
  return new Map(LAYOUTS.map(({ name, about }) => [name, about]));
}

/** Names of `wanted` that are no options or no mechanisms. */
export function unknownNames(wanted: { options: readonly string[]; mechanisms: readonly string[] }): string[] {
  const known = (all: readonly { readonly name: string }[], name: string): boolean =>
    all.some((one) => one.name === name);
  return [
    ...wanted.options.filter((name) => !known(LAYOUTS, name)),
    ...wanted.mechanisms.filter((name) => !known(MECHANISMS, name)),
  ];
}

/**
 * Runs scenarios, in namespaces of their own where that is possible and else on loopback, and tells each result as it
 * comes. Resolves to what went wrong, if anything.
 */
export async function runLab(settings: RunSettings, onResult: (result: Result) => void): Promise<string | undefined> {
  const program = fileURLToPath(siblingUrl(new URL('run/', import.meta.url).href + suffix(), 'run-worker'));
  const options = [JSON.stringify(settings)];
  const isApproximate = settings.backend === 'loopback' || namespaceObstacle() !== undefined;
  // Whatever ends in there in the middle of something leaves its files here, where they go with the rest.
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-lab-'));
  const environment = { TMPDIR: folder };
  const child = isApproximate
    ? fork(program, options, { env: { ...process.env, ...environment } })
    : enter(program, options, environment);
  let failure: string | undefined;
  child.on('message', (report: RunReport) => {
    if (report.tell === 'result') onResult(report.result);
    else failure = report.message;
  });
  const [code, signal] = await once(child, 'exit');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  if (code === 0) return undefined;
  return failure ?? `the lab ended with ${String(code ?? signal)}`;
}

/** `siblingUrl` tells source from build by the extension of a module beside the target. */
function suffix(): string {
  return import.meta.url.endsWith('.ts') ? 'run.ts' : 'run.js';
}

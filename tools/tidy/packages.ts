/** What is installed: every package has a slot and a home, comes with a checksum, and may be given away. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isOurs } from '../lockfile/complete.ts';
import type { Layers } from '../layers/plan.ts';
import type { Finding } from './source.ts';

export interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** `tools/packages.json`. */
export interface PackageRules {
  /** Runtime dependency → what it is for. */
  readonly slots: Readonly<Record<string, string>>;
  /** Licences that what ships may have. */
  readonly licences: readonly string[];
  /** Packages with a licence of their own kind, unmodified and optional: name → licence. */
  readonly licenceExceptions: Readonly<Record<string, string>>;
  /** Packages that have an install script; none of them is run, except where a test's set-up says so. */
  readonly installScripts: readonly string[];
  readonly budget: { readonly required: number; readonly withOptional: number };
  /** Released with something harmful inside: name → versions. */
  readonly bad: Readonly<Record<string, readonly string[]>>;
}

function finding(rule: string, file: string, message: string): Finding {
  return { rule, file, line: 1, key: message, value: 1, message };
}

/** Runtime dependencies are exactly those with a slot, and each has a home in `layers.json`. */
export function checkDependencies(manifest: Manifest, rules: PackageRules, layers: Layers): Finding[] {
  const runtime = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  const known = new Set([...runtime, ...Object.keys(manifest.devDependencies ?? {})]);
  const homes = new Set([...layers.values()].flatMap((layer) => Object.values(layer.thirdParty ?? {}).flat()));
  const findings: Finding[] = [];
  for (const name of runtime) {
    if (rules.slots[name] === undefined) {
      findings.push(finding('packages', 'package.json', `${name} has no slot in tools/packages.json: do without it.`));
    }
    if (!homes.has(name)) {
      findings.push(finding('packages', 'package.json', `${name} has no home in src/layers.json (thirdParty).`));
    }
  }
  for (const name of Object.keys(rules.slots)) {
    if (!runtime.includes(name)) {
      findings.push(finding('packages', 'tools/packages.json', `${name} has a slot, but package.json lacks it.`));
    }
  }
  for (const name of homes) {
    if (!known.has(name)) findings.push(finding('packages', 'src/layers.json', `${name} is not in package.json.`));
  }
  return findings;
}

/** Checksums everywhere, no git, no address, no unknown install script, no known-bad version, within the budget. */
export function checkLock(entries: Readonly<Record<string, LockEntry>>, rules: PackageRules): Finding[] {
  const findings: Finding[] = [];
  const report = (message: string): void => void findings.push(finding('lockfile', 'package-lock.json', message));
  let required = 0;
  let withOptional = 0;
  for (const [where, entry] of Object.entries(entries)) {
    const name = packageName(where);
    if (name === undefined || entry.link === true) continue;
    const source = entry.resolved ?? '';
    if (/^git|github:/.test(source)) report(`${name} comes from git: take a released version.`);
    else if (source !== '') report(`${name} names an address (${source}): the lockfile leaves "resolved" out.`);
    const elsewhere = entry.optional === true && !isOurs(entry);
    if (entry.integrity?.startsWith('sha512-') !== true && !elsewhere) report(`${name} has no sha512 checksum.`);
    if (entry.hasInstallScript === true && !rules.installScripts.includes(name)) {
      report(`${name} runs a script when it is installed: choose another, or list it in tools/packages.json.`);
    }
    if (rules.bad[name]?.includes(entry.version ?? '') === true) report(`${name} ${entry.version} is a bad release.`);
    if (ships(entry)) withOptional += 1;
    if (ships(entry) && entry.optional !== true) required += 1;
  }
  const { budget } = rules;
  if (required > budget.required) report(`${required} packages in the default install; at most ${budget.required}.`);
  if (withOptional > budget.withOptional) {
    report(`${withOptional} packages with the optional ones; at most ${budget.withOptional}.`);
  }
  return findings;
}

function ships(entry: LockEntry): boolean {
  return entry.dev !== true && entry.devOptional !== true;
}

/** `node_modules/a/node_modules/@b/c` → `@b/c`; `undefined` for the root and for folders of ours. */
function packageName(where: string): string | undefined {
  const at = where.lastIndexOf('node_modules/');
  return at === -1 ? undefined : where.slice(at + 'node_modules/'.length);
}

/** Licence of everything that ships, read from the installed packages; what is not installed here is passed over. */
export function checkLicences(
  root: string,
  entries: Readonly<Record<string, LockEntry>>,
  rules: PackageRules,
): Finding[] {
  const findings: Finding[] = [];
  for (const [where, entry] of Object.entries(entries)) {
    const name = packageName(where);
    const manifest = path.join(root, where, 'package.json');
    if (name === undefined || entry.link === true || !ships(entry) || !existsSync(manifest)) continue;
    const licence = licenceOf(JSON.parse(readFileSync(manifest, 'utf8')));
    if (rules.licenceExceptions[name] === licence) continue;
    const choices = licence.replaceAll(/[()]/g, '').split(' OR ');
    const allowed = choices.some((one) => one.split(' AND ').every((part) => rules.licences.includes(part)));
    if (!allowed) findings.push(finding('licence', 'package-lock.json', `${name} has the licence "${licence}".`));
  }
  return findings;
}

function licenceOf(manifest: { license?: string | { type?: string }; licenses?: { type?: string }[] }): string {
  const { license, licenses } = manifest;
  if (typeof license === 'string') return license;
  return license?.type ?? licenses?.map((one) => one.type).join(' OR ') ?? 'none';
}

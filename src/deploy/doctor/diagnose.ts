/** From facts to findings. Pure: every rule is one function of the facts. */
import type { LocalFacts, PortFact } from '../topology/facts.ts';
import { bySeverity, type Finding, type FindingName, type Severity } from './findings.ts';

type Rule = (facts: LocalFacts) => readonly Finding[];

/** Below this a database may not be able to write any more before somebody looks. */
const FREE_BYTES_MIN = 512 * 1024 * 1024;

function finding(name: FindingName, severity: Severity, command: string, values: Finding['values'] = {}): Finding {
  return { name, severity, command, values };
}

/** Compares versions of dotted numbers. */
export function isAtLeast(version: string, wanted: string): boolean {
  const left = version.split('.').map(Number);
  const right = wanted.split('.').map(Number);
  for (let at = 0; at < right.length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const node: Rule = ({ nodeVersion }) => {
  const isFine =
    (nodeVersion.startsWith('24.') && isAtLeast(nodeVersion, '24.16.0')) || isAtLeast(nodeVersion, '26.0.0');
  return isFine ? [] : [finding('node-too-old', 'error', 'nvm install 24', { version: nodeVersion })];
};

// "the adapter also asserts at start: sqlite_version() ≥ 3.51.3 (or ≥ 3.50.7, 3.44.6 in those lines), FTS5 present".
const sqlite: Rule = ({ sqliteVersion, hasFullTextSearch }) => {
  const inLine = (line: string, least: string): boolean =>
    sqliteVersion.startsWith(line) && isAtLeast(sqliteVersion, least);
  const isFine = isAtLeast(sqliteVersion, '3.51.3') || inLine('3.50.', '3.50.7') || inLine('3.44.', '3.44.6');
  return [
    ...(isFine ? [] : [finding('sqlite-too-old', 'error', 'nvm install 24', { version: sqliteVersion })]),
    ...(hasFullTextSearch ? [] : [finding('no-full-text-search', 'error', 'nvm install 24')]),
  ];
};

const dataDir: Rule = ({ dataDir: dir }) => {
  const values = { path: dir.path };
  if (!dir.isWritable)
    return [finding('data-dir-not-writable', 'error', `mkdir -p ${dir.path} && chown $(id -un) ${dir.path}`, values)];
  const found: Finding[] = [];
  if (dir.exists && dir.mode !== undefined && (dir.mode & 0o077) !== 0) {
    found.push(finding('data-dir-open', 'warning', `chmod 700 ${dir.path}`, values));
  }
  if (dir.freeBytes !== undefined && dir.freeBytes < FREE_BYTES_MIN) {
    found.push(
      finding('disk-nearly-full', 'error', `df -h ${dir.path}`, {
        ...values,
        megabytes: Math.floor(dir.freeBytes / 1_048_576),
      }),
    );
  }
  return found;
};

const signingKey: Rule = ({ signingKey: key }) =>
  key?.exists === true && key.mode !== undefined && (key.mode & 0o077) !== 0
    ? [finding('signing-key-open', 'error', `chmod 600 ${key.path}`, { path: key.path })]
    : [];

const packages: Rule = ({ packages: list, config }) => {
  const isMissing = (name: string): boolean => list.some((one) => one.name === name && !one.isPresent);
  const install = (name: string): string => `npm install ${name}`;
  const rules: [boolean, string, FindingName, Severity][] = [
    [config.isEncrypted, 'better-sqlite3-multiple-ciphers', 'no-encryption-package', 'error'],
    [config.engine === 'postgres', 'pg', 'no-postgres-package', 'error'],
    [true, 'sodium-native', 'no-sodium', 'hint'],
    [true, '@node-rs/argon2', 'no-argon2', 'hint'],
    [true, 'sharp', 'no-sharp', 'warning'],
  ];
  return rules.flatMap(([applies, name, found, severity]) =>
    applies && isMissing(name) ? [finding(found, severity, install(name), { package: name })] : [],
  );
};

const web: Rule = ({ webClientBuilt }) =>
  webClientBuilt ? [] : [finding('web-client-missing', 'warning', 'npm run build:web')];

const PORT_FINDINGS: Readonly<Partial<Record<PortFact['state'], FindingName>>> = {
  foreign: 'port-taken',
  forbidden: 'port-forbidden',
  'unknown-address': 'address-unknown',
};

const ports: Rule = (facts) =>
  facts.ports.flatMap(({ address, port, state }) => {
    const name = PORT_FINDINGS[state];
    const command =
      name === 'port-forbidden'
        ? 'sudo setcap cap_net_bind_service=+ep "$(command -v node)"'
        : `ss -ltnp 'sport = :${port}'`;
    return name === undefined ? [] : [finding(name, 'error', command, { address, port })];
  });

const exposure: Rule = ({ config }) => {
  const found: Finding[] = [];
  if (!config.rateLimits && config.listensPublicly) {
    found.push(finding('no-rate-limits', 'warning', 'postern serve --rateLimits.enabled=true'));
  }
  if (config.passwordCost === 'minimal') {
    found.push(finding('weak-passwords', 'error', 'postern serve --passwords.cost=standard'));
  }
  if (!config.listensPublicly) return found;
  if (config.registrationMode === 'open') {
    found.push(finding('open-registration-in-public', 'warning', 'postern serve --registration.mode=token'));
  }
  if (!config.hasTls && config.publicBaseUrl.startsWith('http://')) {
    found.push(finding('plain-http-in-public', 'warning', 'postern init', { url: config.publicBaseUrl }));
  }
  if (/^localhost(?::|$)/.test(config.serverName)) {
    found.push(finding('localhost-in-public', 'warning', 'postern init', { name: config.serverName }));
  }
  return found;
};

const RULES: readonly Rule[] = [node, sqlite, dataDir, signingKey, packages, web, ports, exposure];

/** Every finding, the gravest first. */
export function diagnose(facts: LocalFacts): Finding[] {
  return RULES.flatMap((rule) => rule(facts)).toSorted(bySeverity);
}

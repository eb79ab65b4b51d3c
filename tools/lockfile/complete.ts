/** Pure part of the lockfile tool: rows for the packages of other platforms. */

export interface LockRow {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
  readonly [key: string]: unknown;
}

const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['android', 'android'],
  ['darwin', 'darwin'],
  ['freebsd', 'freebsd'],
  ['linux', 'linux'],
  ['linuxmusl', 'linux'],
  ['openharmony', 'openharmony'],
  ['win32', 'win32'],
  ['windows', 'win32'],
]);
const PROCESSORS = new Set([
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
]);

/** `@oxlint/binding-linux-arm64-musl` → the fields that npm compares with the machine. */
export function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | undefined {
  const words = name.split(/[/-]/);
  const os = words.map((word) => SYSTEMS.get(word)).find((one) => one !== undefined);
  const cpu = words.find((word) => PROCESSORS.has(word));
  if (os === undefined || cpu === undefined) return undefined;
  if (os !== 'linux') return { os: [os], cpu: [cpu] };
  return { os: [os], cpu: [cpu], libc: [words.some((word) => word.endsWith('musl')) ? 'musl' : 'glibc'] };
}

/**
 * Rows for optional platform packages that a lockfile names and does not hold. npm leaves them out when the registry
 * at hand lacks them, and then refuses to install from that very lockfile. They carry no checksum, so only packages
 * for other machines than ours (Linux with glibc on x64 and arm64) may be added this way.
 */
export function missingRows(packages: Readonly<Record<string, LockRow>>): Map<string, LockRow> {
  const rows = new Map<string, LockRow>();
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const where = `node_modules/${name}`;
      const platform = platformOf(name);
      if (packages[where] !== undefined || platform === undefined || isOurs(platform)) continue;
      rows.set(where, { version, ...platform, ...(parent.dev === true && { dev: true }), optional: true });
    }
  }
  return rows;
}

/** Whether a package is for a machine that Postern is built and tested on. */
export function isOurs(platform: {
  os?: readonly string[];
  cpu?: readonly string[];
  libc?: readonly string[];
}): boolean {
  const { os, cpu, libc } = platform;
  if (os?.includes('linux') === false || libc?.includes('glibc') === false) return false;
  return cpu === undefined || cpu.includes('x64') || cpu.includes('arm64');
}

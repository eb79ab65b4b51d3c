/** Pure part of the layers tool: from the parsed `src/layers.json` to the text of every generated file. */

export interface Layer {
  readonly pure?: boolean;
  readonly may: readonly string[];
  readonly runtime?: 'node' | 'worker' | 'dom';
  /** Sub-folder ('' for the whole layer) → packages that it alone may import. */
  readonly thirdParty?: Readonly<Record<string, readonly string[]>>;
  /** Folders inside the layer, lowest first; folders of one group do not import each other. */
  readonly order?: readonly (readonly string[])[];
}

export type Layers = ReadonlyMap<string, Layer>;

/** Reads the text of `src/layers.json`; throws when a layer names one that does not exist. */
export function readLayers(text: string): Layers {
  const layers: Layers = new Map(Object.entries(JSON.parse(text) as Record<string, Layer>));
  for (const [name, layer] of layers) {
    for (const other of layer.may) {
      if (!layers.has(other)) throw new Error(`layers.json: ${name} may import ${other}, which is no layer`);
    }
  }
  return layers;
}

/** The layer that a path below `src/` belongs to: the longest layer name that is a prefix of it. */
export function layerOf(layers: Layers, relativePath: string): string | undefined {
  let best: string | undefined;
  for (const name of layers.keys()) {
    if (!relativePath.startsWith(`${name}/`)) continue;
    if (best === undefined || name.length > best.length) best = name;
  }
  return best;
}

/** Every generated file: path from the repository's root and its exact text. */
export function planFiles(layers: Layers): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of layers.keys()) files.set(`src/${name}/tsconfig.json`, json(layerProject(layers, name)));
  files.set('tsconfig.json', json(rootProject(layers)));
  files.set('.oxlintrc.json', json(lintConfig(layers)));
  return files;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function up(name: string): string {
  return '../'.repeat(name.split('/').length);
}

function runtimeOptions(layer: Layer): Record<string, unknown> {
  if (layer.pure === true) return { types: [], lib: ['ES2023'] };
  if (layer.runtime === 'worker') return { types: [], lib: ['ES2023', 'ESNext.Disposable', 'WebWorker'] };
  if (layer.runtime === 'dom') {
    return { types: [], lib: ['ES2023', 'DOM', 'DOM.Iterable'], jsx: 'react-jsx', jsxImportSource: 'preact' };
  }
  return { types: ['node'], lib: ['ES2023', 'ESNext.Disposable'] };
}

function layerProject(layers: Layers, name: string): unknown {
  const layer = layers.get(name);
  if (layer === undefined) throw new Error(`no layer ${name}`);
  const src = up(name);
  const nested = [...layers.keys()].filter((other) => other.startsWith(`${name}/`));
  return {
    extends: `${src}../tsconfig.base.json`,
    compilerOptions: {
      rootDir: src,
      outDir: `${src}../dist`,
      tsBuildInfoFile: `${src}../dist/.tsbuildinfo/${name.replaceAll('/', '-')}.json`,
      ...runtimeOptions(layer),
    },
    include: layer.pure === true ? ['**/*.ts', `${src}pure.d.ts`] : ['**/*.ts', '**/*.tsx'],
    exclude: ['**/*.test.ts', ...nested.map((other) => `${other.slice(name.length + 1)}/**`)],
    references: layer.may.map((other) => ({ path: `${src}${other}` })),
  };
}

function rootProject(layers: Layers): unknown {
  return {
    files: [],
    references: [...[...layers.keys()].map((name) => ({ path: `src/${name}` })), { path: 'tsconfig.test.json' }],
  };
}

const JS_SPECIFIERS = {
  group: ['./*.js', '../*.js', './**/*.js', '../**/*.js'],
  message: 'Relative imports end in .ts: the sources run as they are.',
};

function forbiddenLayers(layers: Layers, name: string): unknown[] {
  const layer = layers.get(name);
  if (layer === undefined) return [];
  const allowed = new Set([name, ...layer.may]);
  const top = [...layers.keys()].filter((other) => !allowed.has(other) && !name.startsWith(`${other}/`));
  const patterns: unknown[] = [];
  for (const other of top) {
    const inner = [...allowed].filter((good) => good.startsWith(`${other}/`)).map((good) => `!**/${good}/**`);
    patterns.push({
      group: [`**/../${other}/**`, `../${other}/**`, `../../${other}/**`, `../../../${other}/**`, ...inner],
      message: `${name} may import only ${layer.may.join(', ') || 'nothing'} (src/layers.json).`,
    });
  }
  return patterns;
}

function thirdPartyHomes(layers: Layers): Map<string, string[]> {
  const homes = new Map<string, string[]>();
  for (const [name, layer] of layers) {
    for (const [folder, packages] of Object.entries(layer.thirdParty ?? {})) {
      for (const one of packages) {
        homes.set(one, [...(homes.get(one) ?? []), folder === '' ? `src/${name}` : `src/${name}/${folder}`]);
      }
    }
  }
  return homes;
}

function forbiddenPackages(homes: Map<string, string[]>, folder: string): unknown[] {
  const patterns: unknown[] = [];
  for (const [one, where] of homes) {
    if (where.some((home) => folder === home || folder.startsWith(`${home}/`))) continue;
    patterns.push({ group: [one, `${one}/**`], message: `${one} is imported only in ${where.join(', ')}.` });
  }
  return patterns;
}

const PURE_RULES = {
  'no-restricted-globals': [
    'error',
    { name: 'Date', message: 'A pure layer has no clock: take the time as an argument.' },
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: 'A pure layer has no randomness: take it as an argument.' },
  ],
};

/** Where each runtime primitive lives: everywhere else it is refused. */
const TIMER_HOMES = new Set([
  'adapters',
  'bench',
  'lab',
  'deploy',
  'link',
  'http/kit',
  'storage',
  'web/lib/workers',
  'web/ui',
  'cli',
]);

function effectRules(name: string): Record<string, unknown> {
  if (TIMER_HOMES.has(name)) return { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' };
  const timers = ['setTimeout', 'setInterval', 'setImmediate', 'fetch'].map((one) => ({
    name: one,
    message: 'Take the Clock or Http port as an argument.',
  }));
  return {
    'no-restricted-globals': ['error', ...timers],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'Take the Clock port as an argument.' },
      { object: 'Math', property: 'random', message: 'Take the Random port as an argument.' },
      ...(name === 'cli' ? [] : [{ object: 'process', property: 'env', message: 'Only cli/ reads the environment.' }]),
    ],
  };
}

/** One override per layer and one per third-party home: a later one replaces the rule for its files. */
function lintConfig(layers: Layers): unknown {
  const homes = thirdPartyHomes(layers);
  const overrides: unknown[] = [];
  // A layer inside another comes after it: its own override is the one that counts.
  const ordered = [...layers].toSorted(([left], [right]) => left.split('/').length - right.split('/').length);
  for (const [name, layer] of ordered) {
    const folders = new Set([`src/${name}`]);
    for (const folder of Object.keys(layer.thirdParty ?? {})) {
      folders.add(folder === '' ? `src/${name}` : `src/${name}/${folder}`);
    }
    for (const folder of folders) {
      overrides.push({
        files: [`${folder}/**/*.ts`, `${folder}/**/*.tsx`],
        excludeFiles: ['**/*.test.ts'],
        rules: {
          'no-restricted-imports': [
            'error',
            { patterns: [JS_SPECIFIERS, ...forbiddenLayers(layers, name), ...forbiddenPackages(homes, folder)] },
          ],
          ...(layer.pure === true ? PURE_RULES : effectRules(name)),
        },
      });
    }
  }
  // node:test's own functions return promises that nobody awaits.
  overrides.push({ files: ['**/*.test.ts', '**/*.interop.ts'], rules: { 'typescript/no-floating-promises': 'off' } });
  return { ...BASE_LINT, overrides };
}

const BASE_LINT = {
  $schema: './node_modules/oxlint/configuration_schema.json',
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise'],
  categories: { correctness: 'error' },
  ignorePatterns: ['dist', 'node_modules', 'test/fixtures'],
  rules: {
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    // Vite answers `?worker&url` with a module that no file holds.
    'import/default': 'off',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/unbound-method': 'off',
    'typescript/no-misused-spread': 'off',
    'typescript/no-generated-empty-object-type': 'off',
    eqeqeq: 'error',
    'no-eval': 'error',
    'no-new-func': 'error',
    'no-proto': 'error',
    'prefer-const': 'error',
  },
};

/**
 * Builds the web client into `dist/www`: hashed names, style inlined under a CSP hash, the crypto wasm
 * stripped, every text and wasm file also as brotli and zstd, and `headers.json` for the server.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, zstdCompressSync } from 'node:zlib';
import { build, type Plugin, type Rollup } from 'vite';
import { buildSingle } from './build-web/single.ts';
import { finishPage, headersFor } from './build-web/page.ts';
import { stripCustomSections } from './build-web/wasm.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** Where the server looks for the built client. */
export const WEB_FOLDER = path.join(root, 'dist/www');

const schemaStub = path.join(root, 'tools/build-web/schema-stub.ts');
const schema = path.join(root, 'src/matrix/schema.ts');

const stubSchemas: Plugin = {
  name: 'stub-schemas',
  enforce: 'pre',
  async resolveId(source, importer) {
    if (!source.endsWith('schema.ts') || importer === undefined) return undefined;
    return path.resolve(path.dirname(importer), source) === schema ? schemaStub : undefined;
  },
};

const stripWasm: Plugin = {
  name: 'strip-wasm',
  generateBundle(_options, bundle: Rollup.OutputBundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== 'asset' || !file.fileName.endsWith('.wasm')) continue;
      const source = typeof file.source === 'string' ? Buffer.from(file.source) : file.source;
      file.source = stripCustomSections(source);
    }
  },
};

function bundle(outDir: string): Promise<unknown> {
  return build({
    root: path.join(root, 'src/web/ui'),
    configFile: false,
    logLevel: 'warn',
    base: '/',
    publicDir: path.join(root, 'src/web/public'),
    plugins: [stubSchemas],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    worker: {
      format: 'es',
      plugins: () => [stubSchemas, stripWasm],
      rollupOptions: {
        output: { entryFileNames: 'assets/[name]-[hash].js', chunkFileNames: 'assets/[name]-[hash].js' },
      },
    },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      cssCodeSplit: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rollupOptions: {
        input: {
          index: path.join(root, 'src/web/ui/index.html'),
          service: path.join(root, 'src/web/lib/workers/service.ts'),
        },
        output: {
          entryFileNames: (chunk) => (chunk.name === 'service' ? 'service.js' : 'assets/[name]-[hash].js'),
          chunkFileNames: 'assets/[name]-[hash].js',
          assetFileNames: 'assets/[name]-[hash][extname]',
        },
      },
    },
  });
}

function inlineStyle(outDir: string): string {
  const assets = path.join(outDir, 'assets');
  const sheets = readdirSync(assets).filter((file) => file.endsWith('.css'));
  const style = sheets.map((file) => readFileSync(path.join(assets, file), 'utf8').trim()).join('');
  for (const file of sheets) rmSync(path.join(assets, file));
  const page = path.join(outDir, 'index.html');
  writeFileSync(page, finishPage(readFileSync(page, 'utf8'), style));
  return style;
}

const COMPRESSED = /\.(?:html|js|css|svg|webmanifest|wasm)$/;

function compress(outDir: string): void {
  for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !COMPRESSED.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    const brotli = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: brotli }));
    const zstd = { [constants.ZSTD_c_compressionLevel]: 19 };
    writeFileSync(`${file}.zst`, zstdCompressSync(bytes, { params: zstd }));
  }
}

/** The files that the service worker keeps, the smallest first. */
function listAssets(outDir: string): string[] {
  const folder = path.join(outDir, 'assets');
  const sized = readdirSync(folder).map((name) => ({ name, bytes: statSync(path.join(folder, name)).size }));
  return sized.toSorted((left, right) => left.bytes - right.bytes).map(({ name }) => `/assets/${name}`);
}

/** Builds everything; `compressed: false` and `single: false` spare the slow parts for tests that only look. */
export async function buildWeb(outDir: string, options: { compressed: boolean; single?: boolean }): Promise<void> {
  await bundle(outDir);
  const style = inlineStyle(outDir);
  writeFileSync(path.join(outDir, 'headers.json'), JSON.stringify(headersFor(style), null, 2));
  writeFileSync(path.join(outDir, 'assets.json'), JSON.stringify(listAssets(outDir)));
  if (options.single !== false) await buildSingle({ root, outDir, plugins: [stubSchemas] });
  if (options.compressed) compress(outDir);
}

/** Whether no source has changed since the build in `outDir`. */
function isFresh(outDir: string): boolean {
  const page = path.join(outDir, 'index.html');
  if (!existsSync(page)) return false;
  const builtAt = statSync(page).mtimeMs;
  const sources = ['src/web', 'src/client', 'src/matrix', 'src/rules', 'src/lib', 'src/text', 'tools/build-web'];
  return sources.every((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true }).every(
      (entry) => !entry.isFile() || statSync(path.join(entry.parentPath, entry.name)).mtimeMs <= builtAt,
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outDir = path.join(root, 'dist/www');
  // `npm start` builds only what has changed, and leaves the slow compression to the release.
  if (!process.argv.includes('--if-stale') || !isFresh(outDir)) {
    console.log('Building the web client …');
    await buildWeb(outDir, { compressed: !process.argv.includes('--fast') });
  }
}

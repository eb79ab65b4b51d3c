/**
 * `client.html`: the whole client in one file that asks for nothing else. The engine's script and the crypto, packed,
 * stand in it as text; the page makes a worker of the one and hands it the other.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { build, type Plugin } from 'vite';

export interface SingleOptions {
  readonly root: string;
  readonly outDir: string;
  readonly plugins: readonly Plugin[];
}

/** The file's own crypto is handed over: none is fetched, and none is packed in twice. */
const noWasmUrl: Plugin = {
  name: 'no-wasm-url',
  enforce: 'pre',
  transform(code, id) {
    if (!id.includes('matrix-sdk-crypto-wasm')) return undefined;
    return code.replace(/new URL\("\.\/pkg\/[^"]+\.wasm", import\.meta\.url\)/, 'undefined');
  },
};

const fileEngine: Plugin = {
  name: 'file-engine',
  enforce: 'pre',
  resolveId(source, importer) {
    if (importer === undefined || !source.endsWith('/engine-port.ts')) return undefined;
    return path.resolve(path.dirname(importer), 'engine-port-file.ts');
  },
};

/** One entry as one classic script, with the style that it brings. */
async function bundleOne(entry: string, { root, outDir, plugins }: SingleOptions): Promise<string> {
  const folder = path.join(outDir, `.${path.basename(entry, path.extname(entry))}`);
  await build({
    root: path.join(root, 'src/web/ui'),
    configFile: false,
    // What it warns of is `import.meta` in the loader of chunks, of which there are none here.
    logLevel: 'error',
    publicDir: false,
    plugins: [...plugins, noWasmUrl, fileEngine],
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2023',
      cssCodeSplit: false,
      reportCompressedSize: false,
      modulePreload: false,
      rollupOptions: {
        input: path.join(root, entry),
        output: {
          format: 'iife',
          codeSplitting: false,
          entryFileNames: 'script.js',
          assetFileNames: '[name][extname]',
        },
      },
    },
  });
  return folder;
}

function take(folder: string, extension: string): string {
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .map((name) => readFileSync(path.join(folder, name), 'utf8').trim());
  return texts.join('\n');
}

/** A script inside HTML ends at the first end tag, wherever that stands. */
function inScript(text: string): string {
  return text.replaceAll(/<\/(script)/gi, String.raw`<\/$1`).replaceAll('<!--', String.raw`<\!--`);
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The crypto that the build has stripped already, in base64. */
function packedCrypto(outDir: string): string {
  const assets = path.join(outDir, 'assets');
  const wasm = readdirSync(assets).find((name) => name.endsWith('.wasm'));
  if (wasm === undefined) throw new Error('the build has no crypto');
  return deflateRawSync(readFileSync(path.join(assets, wasm)), { level: 9 }).toString('base64');
}

/** The policy of the file: its own script by its hash, the worker made of it, and any route. */
function policyOf(script: string, style: string): string {
  return [
    `default-src 'none'`,
    `script-src ${hashOf(script)} blob: 'wasm-unsafe-eval'`,
    `style-src ${hashOf(style)}`,
    `img-src blob: data:`,
    `media-src blob:`,
    `connect-src blob: https: http://localhost:* http://127.0.0.1:*`,
    `worker-src blob:`,
    `frame-src 'none'`,
    `form-action 'none'`,
    `base-uri 'none'`,
    `require-trusted-types-for 'script'`,
    `trusted-types postern`,
  ].join('; ');
}

/** Writes `client.html` into the folder of the build. */
export async function buildSingle(options: SingleOptions): Promise<void> {
  const pageFolder = await bundleOne('src/web/ui/main.tsx', options);
  const engineFolder = await bundleOne('src/web/lib/workers/file-engine.ts', options);
  const style = take(pageFolder, '.css');
  const script = inScript(take(pageFolder, '.js'));
  const engine = inScript(take(engineFolder, '.js'));
  for (const folder of [pageFolder, engineFolder]) rmSync(folder, { recursive: true, force: true });
  const page = [
    '<!doctype html><html lang="en" data-theme="system"><head><meta charset="utf-8" />',
    `<meta http-equiv="Content-Security-Policy" content="${policyOf(script, style)}" />`,
    '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />',
    '<meta name="color-scheme" content="light dark" /><meta name="referrer" content="no-referrer" />',
    `<title>Postern</title><style>${style}</style></head><body><div id="app"></div>`,
    `<script type="text/plain" id="engine">${engine}</script>`,
    `<script type="text/plain" id="crypto">${packedCrypto(options.outDir)}</script>`,
    `<script>${script}</script></body></html>`,
  ];
  writeFileSync(path.join(options.outDir, 'client.html'), page.join(''));
}

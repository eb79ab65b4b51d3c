/** `docs/conformance.md`: the specification's operations, whether they are served, and which test names them. */
import path from 'node:path';
import type { Operation } from '../spec/operations.ts';
import { readImports } from '../tidy/graph.ts';
import { isTest, type Source } from '../tidy/source.ts';

const TITLES: ReadonlyMap<string, string> = new Map([
  ['client-server', 'Client-Server API'],
  ['server-server', 'Server-Server API'],
  ['application-service', 'Application Service API'],
  ['identity', 'Identity Service API'],
  ['push-gateway', 'Push Gateway API'],
]);

export interface Coverage {
  /** Declaration (`src/matrix/api/…`) → the handler file that serves it. */
  readonly handlers: ReadonlyMap<string, string>;
  /** Declaration → the first test that names it. */
  readonly tests: ReadonlyMap<string, string>;
}

function declarationOf({ api, id }: { api: string; id: string }): string {
  return `src/matrix/api/${api}/${id}.ts`;
}

/** What serves and what tests each declaration: read from the imports, so that it cannot be claimed. */
export function coverageOf(sources: readonly Source[]): Coverage {
  const imports = readImports(sources);
  const routed = reachable(
    sources.map((one) => one.file).filter((file) => /^src\/http\/[a-z]+-api\/index\.ts$/.test(file)),
    imports,
  );
  const handlers = new Map<string, string>();
  const tests = new Map<string, string>();
  for (const { from, to } of imports) {
    if (to.startsWith('src/matrix/api/') && routed.has(from) && from.startsWith('src/http/')) handlers.set(to, from);
  }
  const subjects = new Map([...handlers].map(([declaration, handler]) => [handler, declaration]));
  for (const { from, to } of imports.filter((one) => isTest(one.from))) {
    const declaration = to.startsWith('src/matrix/api/') ? to : subjects.get(to);
    if (declaration !== undefined && !tests.has(declaration)) tests.set(declaration, from);
  }
  for (const source of sources) {
    for (const declaration of namedByTests(source)) tests.set(declaration, source.file);
  }
  return { handlers, tests };
}

/**
 * A file of `test/conformance/<api>` names operations by its own name and in titles: `test('kick, ban: …`. Those of
 * `test/federation` are about the server-server API and name operations in titles.
 */
function namedByTests({ file, text }: Source): string[] {
  const [, folder, name] = /^test\/(conformance\/[a-z-]+|federation)\/([\w-]+)\.test\.ts$/.exec(file) ?? [];
  if (folder === undefined || name === undefined) return [];
  const api = folder === 'federation' ? 'server-server' : folder.slice('conformance/'.length);
  const titles = [...text.matchAll(/\b(?:test|it|describe)\(\s*['"`]([\w, ]+):/g)].map(([, title]) => title ?? '');
  const ids = [...titles.flatMap((title) => title.split(/,? +/)), name];
  return ids.map((id) => declarationOf({ api, id }));
}

function reachable(roots: readonly string[], imports: readonly { from: string; to: string }[]): Set<string> {
  const targets = Map.groupBy(imports, (one) => one.from);
  const seen = new Set(roots);
  for (const file of seen) {
    for (const { to } of targets.get(file) ?? []) if (to.startsWith('src/http/')) seen.add(to);
  }
  return seen;
}

/** The page. */
export function conformancePage(operations: readonly Operation[], coverage: Coverage): string {
  const served = operations.filter((one) => coverage.handlers.has(declarationOf(one)));
  const tested = served.filter((one) => coverage.tests.has(declarationOf(one)));
  const parts = [...Map.groupBy(operations, (one) => one.api)].map(([api, some]) => section(api, some, coverage));
  return `# Conformance

Written by \`npm run docs\` from the OpenAPI files of the specification (v1.19) and from the imports of the code; a
test compares. *Served* means that the router has a handler for it; *test* is the test that names the operation.
Journeys with real clients (\`test/client\`) use many operations without naming them.

**${operations.length} operations · ${served.length} served · ${tested.length} with a test of their own**

${parts.join('\n')}`;
}

function section(api: string, operations: readonly Operation[], coverage: Coverage): string {
  const served = operations.filter((one) => coverage.handlers.has(declarationOf(one))).length;
  const key = (one: Operation): string => `${one.path} ${one.method}`;
  const rows = operations.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)).map((one) => row(one, coverage));
  return `## ${TITLES.get(api) ?? api}: ${served} of ${operations.length}

| operation | path | served | test |
|---|---|---|---|
${rows.join('\n')}
`;
}

function row(operation: Operation, { handlers, tests }: Coverage): string {
  const { id, method, path: route } = operation;
  const [handler, test] = [handlers, tests].map((files) => {
    const file = files.get(declarationOf(operation));
    return file === undefined ? '–' : `[${path.posix.basename(file)}](../${file})`;
  });
  return `| \`${id}\` | ${method} \`${route}\` | ${handler} | ${test} |`;
}

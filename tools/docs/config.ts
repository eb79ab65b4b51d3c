/** `docs/configuration.md` and `docs/postern.schema.json` from the one schema of the configuration. */
import type { TSchema } from 'typebox';
import { ConfigSchema, LATER } from '../../src/cli/config/schema.ts';
import { environmentName } from '../../src/cli/config/sources.ts';
import { allowed, isSection, nodeOf } from '../../src/cli/config/tree.ts';

const HEAD = `# Configuration

Written by \`npm run docs\` from \`src/cli/config/schema.ts\`; a test compares.

\`postern serve --config FILE\` reads a YAML (or JSON) file; without \`--config\` it reads \`postern.yaml\` in the
working folder where there is one. Every key has a default: no file at all is a working configuration.
\`postern.schema.json\` beside this page is the same as a JSON schema, for editors.

- The environment overrides the file, a flag overrides the environment:
  \`POSTERN_LOG__LEVEL=warn\`, \`--log.level=warn\` or \`--log.level warn\`.
- Relative paths start at the folder of the file, else at the working folder.
- A secret may stand in the file, in a file of its own (\`{ file: PATH }\`), or in the environment (\`{ env: NAME }\`).
- Unknown keys, wrong values and contradictions are refused at the start, with the place and what to type instead.
- *Later*: the key is known and has no effect yet; any value but the default is refused.
`;

/** The page. */
export function configPage(): string {
  const properties = Object.entries(nodeOf(ConfigSchema).properties ?? {});
  const loose = properties.filter(([, one]) => !isSection(one));
  const sections = properties.filter(([, one]) => isSection(one));
  const parts = [table(loose.flatMap(([name, one]) => rows(one, [name])))];
  for (const [name, one] of sections) {
    parts.push(`## ${name}\n\n${nodeOf(one).description ?? ''}\n\n${table(rows(one, [name]))}`);
  }
  return `${HEAD}\n${parts.join('\n')}`;
}

function table(lines: readonly string[]): string {
  return `| key | allowed | default | meaning |\n|---|---|---|---|\n${lines.join('\n')}\n`;
}

function rows(schema: TSchema, path: readonly string[]): string[] {
  const node = nodeOf(schema);
  if (isSection(schema)) {
    return Object.entries(node.properties ?? {}).flatMap(([name, one]) => rows(one, [...path, name]));
  }
  const shown = JSON.stringify(node.default);
  const value = shown.length > 60 ? `${shown.slice(0, 57)}…` : shown;
  const later = node[LATER] === true ? ' *Later.*' : '';
  const key = `\`${path.join('.')}\`<br>\`${environmentName(path)}\``;
  return [`| ${key} | ${allowed(schema)} | \`${value}\` | ${node.description ?? ''}${later} |`];
}

/** The JSON schema, without our own marks: every key of a section may be left out. */
export function configSchemaText(): string {
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'postern.yaml' };
  return `${JSON.stringify({ ...schema, ...plainSchema(ConfigSchema) }, null, 2)}\n`;
}

function plainSchema(schema: TSchema): Record<string, unknown> {
  const { [LATER]: _, required, properties, ...rest } = JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;
  if (!isSection(schema)) {
    return { ...rest, ...(required !== undefined && { required }), ...(properties !== undefined && { properties }) };
  }
  const inner = Object.entries(nodeOf(schema).properties ?? {}).map(([name, one]) => [name, plainSchema(one)]);
  return { ...rest, properties: Object.fromEntries(inner) };
}

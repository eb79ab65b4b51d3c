/** The text of a `postern.yaml`: the keys that were chosen, and every other one as a comment with its default. */
import type { TSchema } from 'typebox';
import { stringify } from 'yaml';
import { ConfigSchema, LATER } from './schema.ts';
import { allowed, isSection, nodeOf } from './tree.ts';

/** A part of the configuration: `{ serverName: 'example.org', log: { level: 'warn' } }`. */
export type Chosen = Readonly<Record<string, unknown>>;

const WIDTH = 100;
const HEAD = `# The configuration of a Postern server. A key that is commented out has the value that it shows.
# Any key can also be set by environment (POSTERN_LOG__LEVEL=warn) or flag (--log.level=warn).
# A secret may stand here, in a file of its own ({ file: PATH }), or in the environment ({ env: NAME }).
`;

/** The whole file. Keys that have no effect yet are left out. */
export function configDocument(chosen: Chosen): string {
  return `${HEAD}\n${sectionLines(ConfigSchema, { chosen, indent: '', live: true }).join('\n')}\n`;
}

interface Place {
  readonly chosen: Chosen;
  readonly indent: string;
  /** Whether the section that holds these keys is written uncommented. */
  readonly live: boolean;
}

function sectionLines(schema: TSchema, place: Place): string[] {
  const lines: string[] = [];
  for (const [name, one] of Object.entries(nodeOf(schema).properties ?? {})) {
    const block = isSection(one) ? nestedLines(name, one, place) : keyLines(name, one, place);
    if (block.length === 0) continue;
    if (place.indent === '' && lines.length > 0) lines.push('');
    lines.push(...block);
  }
  return lines;
}

function nestedLines(name: string, schema: TSchema, place: Place): string[] {
  const { chosen, indent } = place;
  const inner = chosen[name];
  const live = place.live && inner !== undefined;
  const next = { chosen: (inner ?? {}) as Chosen, indent: `${indent}  `, live };
  const lines = sectionLines(schema, next);
  if (lines.length === 0) return [];
  return [...comment(String(nodeOf(schema).description ?? ''), indent), mark(`${indent}${name}:`, live), ...lines];
}

function keyLines(name: string, schema: TSchema, { chosen, indent, live }: Place): string[] {
  const node = nodeOf(schema);
  if (node[LATER] === true) return [];
  const given = Object.hasOwn(chosen, name);
  const value = given ? chosen[name] : node.default;
  const text = stringify({ [name]: value }, { flowCollectionPadding: true, collectionStyle: 'flow', lineWidth: 0 });
  // One key in flow style: `{ key: value }` → `key: value`.
  const inline = text.trim().slice(2, -2);
  const about = Array.isArray(node['enum']) ? `${node.description} (${allowed(schema)})` : String(node.description);
  return [...comment(about, indent), mark(`${indent}${inline}`, live && given)];
}

function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + word.length + 3 > WIDTH) {
      lines.push(`${indent}# ${line}`);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, `${indent}# ${line}`];
}

/** `  key: 1` → `  #key: 1`: taking the sign away makes the line count, in its place. */
function mark(line: string, live: boolean): string {
  return live ? line : line.replace(/^( *)/, '$1#');
}

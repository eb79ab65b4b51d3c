/** Walking the configuration's schema: keys by dotted path, defaults. */
import type { TSchema } from 'typebox';

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly default?: unknown;
  readonly description?: string;
}

/** The schema as the plain JSON schema that it is. */
export function nodeOf(schema: TSchema): Node & Readonly<Record<string, unknown>> {
  return schema as unknown as Node & Readonly<Record<string, unknown>>;
}

/** Sections have fixed keys and no default of their own; everything else is a key with a value. */
export function isSection(schema: TSchema): boolean {
  const node = nodeOf(schema);
  return node.properties !== undefined && node.default === undefined && node.type === 'object';
}

export interface Key {
  readonly path: readonly string[];
  readonly schema: TSchema;
}

/** Every key of the schema, sections left out, in the order of the file. */
export function listKeys(schema: TSchema, path: readonly string[] = []): Key[] {
  if (!isSection(schema)) return [{ path, schema }];
  return Object.entries(nodeOf(schema).properties ?? {}).flatMap(([name, one]) => listKeys(one, [...path, name]));
}

/** The configuration in which every key has its default. */
export function defaultsOf(schema: TSchema): unknown {
  if (!isSection(schema)) return structuredClone(nodeOf(schema).default);
  const entries = Object.entries(nodeOf(schema).properties ?? {}).map(([name, one]) => [name, defaultsOf(one)]);
  return Object.fromEntries(entries);
}

/** What a schema allows, in words. */
export function allowed(schema: TSchema): string {
  const node = nodeOf(schema);
  if (Array.isArray(node['enum'])) return `one of ${(node['enum'] as string[]).join(', ')}`;
  if (Array.isArray(node['anyOf'])) {
    const parts = (node['anyOf'] as TSchema[]).map(allowed);
    return [...new Set(parts)].join(', or ');
  }
  switch (node.type) {
    case 'integer':
      return `an integer from ${JSON.stringify(node['minimum'])} to ${JSON.stringify(node['maximum'])}`;
    case 'string':
      return 'a text';
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list, each ${allowed(node['items'] as TSchema)}`;
    case 'null':
      return 'null';
    case 'object':
      return node.properties === undefined ? 'a map' : `a map with ${Object.keys(node.properties).join(', ')}`;
    default:
      return 'any value';
  }
}

/** Writes the first form of an endpoint's declaration from the specification's operation. */
import type { Json, Operation, Parameter } from './operations.ts';

/** The text of `src/matrix/api/<api>/<operationId>.ts`. */
export function declarationText(operation: Operation): string {
  const used = new Set<string>();
  const query = operation.parameters.filter((one) => one.in === 'query');
  const lines = [
    `/** ${oneLine(operation.summary)} */`,
    `export const ${operation.id} = endpoint({`,
    `  id: '${operation.id}',`,
    `  method: '${operation.method}',`,
    `  path: '${operation.path}',`,
    `  access: '${operation.access}',`,
    `  rateLimited: ${operation.rateLimited},`,
  ];
  if (query.length > 0) lines.push(`  query: ${querySchema(query, used)},`);
  if (operation.body !== undefined) lines.push(`  body: ${builder(operation.body, used, 5)},`);
  const answer = operation.responses.get('200');
  if (answer !== undefined) lines.push(`  response: ${builder(answer, used, 4)},`);
  lines.push('});', '');
  const imports = used.size === 0 ? '' : `import { ${[...used].toSorted().join(', ')} } from '../../schema.ts';\n`;
  return `${imports}import { endpoint } from '../declare.ts';\n\n${lines.join('\n')}`;
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.endsWith('.') ? line : `${line}.`;
}

function querySchema(query: readonly Parameter[], used: Set<string>): string {
  const properties = Object.fromEntries(query.map((one) => [one.name, one.schema]));
  const required = query.filter((one) => one.required).map((one) => one.name);
  return builder({ type: 'object', properties, required }, used, 3);
}

function use(used: Set<string>, name: string, inside: string): string {
  used.add(name);
  return `${name}(${inside})`;
}

/** The builder call for a schema; what is deeper than `depth` may be anything. */
function builder(schema: Json, used: Set<string>, depth: number): string {
  const choices = (schema['oneOf'] ?? schema['anyOf']) as Json[] | undefined;
  if (choices !== undefined) {
    if (depth <= 1) return use(used, 'anything', '');
    const parts = new Set(choices.map((one) => builder(one, used, depth - 1)));
    return parts.size === 1 ? ([...parts][0] ?? '') : use(used, 'union', `[${[...parts].join(', ')}]`);
  }
  if (Array.isArray(schema['enum'])) {
    return use(used, 'oneOf', `[${(schema['enum'] as string[]).map((one) => JSON.stringify(one)).join(', ')}]`);
  }
  switch (schema['type']) {
    case 'string':
      return use(used, 'string', '');
    case 'integer':
      return use(used, 'integer', '');
    case 'number':
      return use(used, 'number', '');
    case 'boolean':
      return use(used, 'boolean', '');
    case 'array':
      if (depth <= 1 || schema['items'] === undefined) return use(used, 'array', use(used, 'anything', ''));
      return use(used, 'array', builder(schema['items'] as Json, used, depth - 1));
    case 'object':
      return objectBuilder(schema, used, depth);
    default:
      return schema['properties'] === undefined ? use(used, 'anything', '') : objectBuilder(schema, used, depth);
  }
}

function objectBuilder(schema: Json, used: Set<string>, depth: number): string {
  const properties = schema['properties'] as Json | undefined;
  if (properties === undefined || Object.keys(properties).length === 0) {
    const patterns = Object.values((schema['patternProperties'] as Json | undefined) ?? {});
    const values = (patterns[0] ?? schema['additionalProperties']) as Json | undefined;
    if (depth <= 1 || typeof values !== 'object' || Object.keys(values).length === 0) return use(used, 'anyObject', '');
    return use(used, 'record', builder(values, used, depth - 1));
  }
  if (depth <= 1) return use(used, 'anyObject', '');
  const required = new Set((schema['required'] as string[] | undefined) ?? []);
  const fields = Object.entries(properties).map(([name, one]) => {
    const inner = builder(one as Json, used, depth - 1);
    const key = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `'${name}'`;
    return `${key}: ${required.has(name) ? inner : use(used, 'optional', inner)}`;
  });
  return use(used, 'object', `{ ${fields.join(', ')} }`);
}

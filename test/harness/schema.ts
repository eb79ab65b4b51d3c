/** Values against the JSON schemas that the specification's OpenAPI files use. */
import type { Json } from '../../tools/spec/operations.ts';

/** What does not fit, one sentence for each place. */
export function schemaViolations(schema: Json, value: unknown, place = '$'): string[] {
  const choices = (schema['oneOf'] ?? schema['anyOf']) as Json[] | undefined;
  if (choices !== undefined) {
    const attempts = choices.map((one) => schemaViolations(one, value, place));
    if (!attempts.some((one) => one.length === 0)) return attempts.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
  const wrongType = typeViolation(schema, value, place);
  if (wrongType !== undefined) return [wrongType];
  const found: string[] = [];
  const choice = schema['enum'] as unknown[] | undefined;
  if (choice !== undefined && !choice.includes(value))
    found.push(`${place} is ${show(value)}, not one of ${show(choice)}`);
  if ('const' in schema && schema['const'] !== value)
    found.push(`${place} is ${show(value)}, not ${show(schema['const'])}`);
  if (Array.isArray(value)) found.push(...itemViolations(schema, value, place));
  else if (isRecord(value)) found.push(...propertyViolations(schema, value, place));
  return found;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeViolation(schema: Json, value: unknown, place: string): string | undefined {
  const types = schema['type'] as string | string[] | undefined;
  if (types === undefined || (schema['nullable'] === true && value === null)) return undefined;
  const allowed = Array.isArray(types) ? types : [types];
  return allowed.some((type) => hasType(type, value))
    ? undefined
    : `${place} is ${show(value)}, not ${allowed.join(' or ')}`;
}

function hasType(type: string, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isRecord(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'null':
      return value === null;
    default:
      return typeof value === type;
  }
}

function itemViolations(schema: Json, value: readonly unknown[], place: string): string[] {
  const { items } = schema;
  const found: string[] = [];
  if (typeof schema['minItems'] === 'number' && value.length < schema['minItems'])
    found.push(`${place} has too few items`);
  if (typeof schema['maxItems'] === 'number' && value.length > schema['maxItems'])
    found.push(`${place} has too many items`);
  if (isRecord(items)) value.forEach((one, index) => found.push(...schemaViolations(items, one, `${place}[${index}]`)));
  return found;
}

function propertyViolations(schema: Json, value: Record<string, unknown>, place: string): string[] {
  const found: string[] = [];
  for (const name of (schema['required'] as string[] | undefined) ?? []) {
    if (!Object.hasOwn(value, name)) found.push(`${place}.${name} is missing`);
  }
  const properties = new Map(Object.entries((schema['properties'] as Record<string, Json> | undefined) ?? {}));
  const patterns = Object.entries((schema['patternProperties'] as Record<string, Json> | undefined) ?? {});
  for (const [name, one] of Object.entries(value)) {
    const inner = `${place}.${name}`;
    const property = properties.get(name);
    if (property !== undefined) found.push(...schemaViolations(property, one, inner));
    const matching = patterns.filter(([pattern]) => new RegExp(pattern).test(name));
    for (const [, pattern] of matching) found.push(...schemaViolations(pattern, one, inner));
    if (property !== undefined || matching.length > 0) continue;
    const others = schema['additionalProperties'];
    if (others === false) found.push(`${inner} is not allowed`);
    else if (isRecord(others)) found.push(...schemaViolations(others, one, inner));
  }
  return found;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

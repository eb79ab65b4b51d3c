/** Where a declaration and the specification's operation disagree. */
import type { Endpoint } from '../../src/matrix/api/declare.ts';
import type { Json, Operation } from './operations.ts';

/**
 * What bodies lack although the specification's OpenAPI files require it: the formats of events
 * (`content/rooms/`) have no `origin`, servers leave it out, and refusing them would end federation with them.
 */
const NOT_REQUIRED = new Set(['sendInviteV1', 'sendJoinV2', 'sendKnock', 'sendLeaveV2'].map((id) => `${id} origin`));

/** A sentence for each disagreement. Query parameters with a dot in their name belong to proposals. */
export function compareEndpoint(endpoint: Endpoint, operation: Operation): string[] {
  const wrong: string[] = [];
  const same = (what: string, ours: unknown, theirs: unknown): void => {
    if (ours !== theirs) wrong.push(`${what} is ${String(ours)}; the specification says ${String(theirs)}`);
  };
  same('id', endpoint.id, operation.id);
  same('method', endpoint.method, operation.method);
  same('path', endpoint.path, operation.path);
  same('access', endpoint.access, operation.access);
  same('rateLimited', endpoint.rateLimited, operation.rateLimited);
  same('body', endpoint.body === undefined ? 'absent' : 'present', operation.body === undefined ? 'absent' : 'present');
  return [
    ...wrong,
    ...compareQuery(fieldsOf(endpoint.query), operation),
    ...compareRequired('body', endpoint.body, operation.body, (name) => NOT_REQUIRED.has(`${endpoint.id} ${name}`)),
    ...compareRequired('response', endpoint.response, operation.responses.get('200')),
  ];
}

interface Fields {
  readonly names: readonly string[];
  readonly required: readonly string[];
}

function fieldsOf(schema: unknown): Fields {
  const { properties, required } = (schema ?? {}) as { properties?: Json; required?: string[] };
  return { names: Object.keys(properties ?? {}), required: required ?? [] };
}

function compareQuery(ours: Fields, operation: Operation): string[] {
  const wrong: string[] = [];
  const theirs = operation.parameters.filter((one) => one.in === 'query');
  for (const { name, required } of theirs) {
    if (!ours.names.includes(name)) wrong.push(`the query parameter ${name} is missing`);
    else if (ours.required.includes(name) !== required) wrong.push(`${name} is required: ${String(required)}`);
  }
  for (const name of ours.names) {
    if (name.includes('.') || theirs.some((one) => one.name === name)) continue;
    wrong.push(`the specification has no query parameter ${name}`);
  }
  return wrong;
}

function compareRequired(
  what: 'body' | 'response',
  ours: unknown,
  theirs: unknown,
  mayLack: (name: string) => boolean = () => false,
): string[] {
  const mine = fieldsOf(ours);
  const spec = fieldsOf(theirs);
  const missing = spec.required.filter((name) => !mine.required.includes(name) && !mayLack(name));
  const extra = what === 'response' ? [] : mine.required.filter((name) => !spec.required.includes(name));
  return [
    ...missing.map((name) => `${what}: ${name} is required by the specification`),
    ...extra.map((name) => `${what}: ${name} is not required by the specification`),
  ];
}

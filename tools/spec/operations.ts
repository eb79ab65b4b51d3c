/** Reads the specification's OpenAPI files: every operation with its references resolved. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Access } from '../../src/matrix/api/declare.ts';

export type Json = Record<string, unknown>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Json;
}

export interface Operation {
  readonly id: string;
  readonly api: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly access: Access;
  readonly rateLimited: boolean;
  readonly parameters: readonly Parameter[];
  /** Schema of the JSON body, `undefined` where there is none. */
  readonly body: Json | undefined;
  /** Status (or `default`) → JSON schema of the answer; `undefined` for an answer that is no JSON. */
  readonly responses: ReadonlyMap<string, Json | undefined>;
  readonly summary: string;
}

const APIS = ['client-server', 'server-server', 'application-service', 'identity', 'push-gateway'];

/** Where the specification stands beside the project, or `undefined` when it is not there. */
export function findSpec(): string | undefined {
  const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
  for (const candidate of [process.env['POSTERN_SPEC'], path.join(root, '../shared/matrix-spec')]) {
    if (candidate !== undefined && existsSync(path.join(candidate, 'data/api'))) return candidate;
  }
  return undefined;
}

/** Every operation of the five APIs, or of those named. */
export function loadOperations(spec: string, apis: readonly string[] = APIS): Operation[] {
  const operations: Operation[] = [];
  for (const api of apis) {
    const folder = path.join(spec, 'data/api', api);
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
      operations.push(...operationsOf(api, path.join(folder, file)));
    }
  }
  return operations;
}

const documents = new Map<string, Json>();

function readDocument(file: string): Json {
  let document = documents.get(file);
  if (document === undefined) {
    document = parse(readFileSync(file, 'utf8')) as Json;
    documents.set(file, document);
  }
  return document;
}

/** Follows `$ref`s of the top of `value`; gives the value and the file that it stands in. */
function deref(value: unknown, file: string): { value: Json; file: string } {
  let current = value as Json;
  let where = file;
  for (let hops = 0; typeof current['$ref'] === 'string' && hops < 20; hops += 1) {
    const [target = '', pointer] = (current['$ref'] as string).split('#');
    if (target !== '') where = path.join(path.dirname(where), target);
    let found: unknown = readDocument(where);
    for (const step of (pointer ?? '').split('/').filter((one) => one !== '')) found = (found as Json)[step];
    const { $ref: _, ...siblings } = current;
    current = { ...siblings, ...(found as Json) };
  }
  return { value: current, file: where };
}

/** A schema without references and without `allOf`; `depth` bounds recursive definitions. */
export function resolveSchema(value: unknown, file: string, depth = 12): Json {
  if (typeof value === 'boolean') return {};
  const { value: raw, file: where } = deref(value, file);
  if (depth === 0) return {};
  const schema: Json = { ...raw };
  for (const key of ['oneOf', 'anyOf']) {
    if (Array.isArray(schema[key])) {
      schema[key] = (schema[key] as unknown[]).map((one) => resolveSchema(one, where, depth - 1));
    }
  }
  for (const key of ['items', 'additionalProperties']) {
    if (typeof schema[key] === 'object') schema[key] = resolveSchema(schema[key], where, depth - 1);
  }
  for (const key of ['properties', 'patternProperties']) {
    if (schema[key] === undefined) continue;
    const entries = Object.entries(schema[key] as Json);
    schema[key] = Object.fromEntries(entries.map(([name, one]) => [name, resolveSchema(one, where, depth - 1)]));
  }
  return Array.isArray(schema['allOf']) ? mergeAll(schema, where, depth) : schema;
}

function mergeAll(schema: Json, file: string, depth: number): Json {
  const parts = (schema['allOf'] as unknown[]).map((one) => resolveSchema(one, file, depth - 1));
  const { allOf: _, ...own } = schema;
  const merged: Json = {};
  const properties: Json = {};
  const required = new Set<string>();
  for (const part of [...parts, own]) {
    for (const [name, one] of Object.entries((part['properties'] as Json | undefined) ?? {})) {
      properties[name] = { ...(properties[name] as Json | undefined), ...(one as Json) };
    }
    for (const name of (part['required'] as string[] | undefined) ?? []) required.add(name);
    Object.assign(merged, part);
  }
  if (Object.keys(properties).length > 0) merged['properties'] = properties;
  if (required.size > 0) merged['required'] = [...required];
  return merged;
}

function basePath(document: Json): string {
  const servers = document['servers'] as { url: string; variables: Record<string, { default: string }> }[] | undefined;
  const variables = servers?.[0]?.variables;
  return variables?.['basePath']?.default ?? '';
}

function operationsOf(api: string, file: string): Operation[] {
  const document = readDocument(file);
  const found: Operation[] = [];
  for (const [route, methods] of Object.entries((document['paths'] as Json | undefined) ?? {})) {
    for (const [method, raw] of Object.entries(methods as Json)) {
      const operation = raw as Json;
      if (typeof operation['operationId'] !== 'string') continue;
      found.push({
        id: operation['operationId'],
        api,
        method: method.toUpperCase() as Operation['method'],
        // One path carries a blank "to disambiguate from the 3pid invite endpoint".
        path: (basePath(document) + route).trim().replace(/\/$/, ''),
        access: accessOf(api, operation),
        rateLimited: (operation['responses'] as Json)['429'] !== undefined,
        parameters: parametersOf(operation, file),
        body: bodyOf(operation, file),
        responses: responsesOf(operation, file),
        summary: typeof operation['summary'] === 'string' ? operation['summary'] : '',
      });
    }
  }
  return found;
}

function accessOf(api: string, operation: Json): Access {
  const security = operation['security'] as Json[] | undefined;
  if (security === undefined || security.length === 0) return 'none';
  if (security.some((one) => Object.keys(one).length === 0)) return 'optional';
  return api === 'server-server' ? 'server' : 'required';
}

function parametersOf(operation: Json, file: string): Parameter[] {
  return ((operation['parameters'] as unknown[] | undefined) ?? []).map((one) => {
    const { value, file: where } = deref(one, file);
    return {
      name: String(value['name']),
      in: value['in'] as Parameter['in'],
      required: value['required'] === true,
      schema: resolveSchema(value['schema'] ?? {}, where),
    };
  });
}

function jsonContent(container: unknown, file: string): Json | undefined {
  const { value, file: where } = deref(container, file);
  const json = (value['content'] as Json | undefined)?.['application/json'] as Json | undefined;
  return json?.['schema'] === undefined ? undefined : resolveSchema(json['schema'], where);
}

function bodyOf(operation: Json, file: string): Json | undefined {
  return operation['requestBody'] === undefined ? undefined : jsonContent(operation['requestBody'], file);
}

function responsesOf(operation: Json, file: string): Map<string, Json | undefined> {
  const responses = new Map<string, Json | undefined>();
  for (const [status, one] of Object.entries(operation['responses'] as Json)) {
    responses.set(status, jsonContent(one, file));
  }
  return responses;
}

/** Every answer of a test's server against the specification's OpenAPI files. */
import { findSpec, type Operation } from '../../tools/spec/operations.ts';
import { isRecord, schemaViolations } from './schema.ts';
import { cachedOperations } from './spec-cache.ts';

export interface SeenAnswer {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly origin: string | null;
  readonly body: unknown;
}

interface Known {
  readonly operation: Operation;
  readonly segments: readonly string[];
}

let known: readonly Known[] | undefined;

/** The client-server operations; empty, with a warning, where the specification is not at hand. */
export function specOperations(): readonly Operation[] {
  return load().map((one) => one.operation);
}

function load(): readonly Known[] {
  if (known !== undefined) return known;
  const spec = findSpec();
  if (spec === undefined) console.warn('WARNING: no matrix-spec folder: answers are NOT checked against it');
  const operations = spec === undefined ? [] : cachedOperations(spec);
  known = operations.map((operation) => ({ operation, segments: operation.path.split('/') }));
  return known;
}

/** The operation of a path: of several that match, the one with the most literal segments. */
export function findOperation(method: string, path: string): Operation | undefined {
  const segments = path.split('/');
  let best: { operation: Operation; literals: number } | undefined;
  for (const { operation, segments: wanted } of load()) {
    if (operation.method !== method || wanted.length !== segments.length) continue;
    let literals = 0;
    const matches = wanted.every((one, index) => {
      if (one.startsWith('{')) return true;
      literals += 1;
      return one === segments[index];
    });
    if (matches && (best === undefined || literals > best.literals)) best = { operation, literals };
  }
  return best?.operation;
}

/** What an answer does that the specification does not allow. */
export function answerViolations(answer: SeenAnswer): string[] {
  const operation = findOperation(answer.method, answer.path);
  const place = `${operation?.id ?? `${answer.method} ${answer.path}`} → ${answer.status}`;
  return violationsOf(answer, operation).map((one) => `${place}: ${one}`);
}

function violationsOf(answer: SeenAnswer, operation: Operation | undefined): string[] {
  const { status, body } = answer;
  const found: string[] = [];
  if (answer.origin !== '*') found.push('the answer has no Access-Control-Allow-Origin: *');
  // 502 and 504 are failures of another server, which was asked for the client.
  if (status >= 500 && status !== 502 && status !== 504) found.push('a failure of the server');
  if (status >= 400) return [...found, ...errorViolations(answer, operation)];
  if (status === 302 || operation === undefined) return found;
  if (!operation.responses.has(String(status))) return [...found, 'this status is not specified'];
  const schema = operation.responses.get(String(status));
  if (schema === undefined) return found;
  if (answer.contentType !== 'application/json') found.push(`Content-Type is ${answer.contentType}`);
  return [...found, ...schemaViolations(schema, body)];
}

/** "Any errors which occur at the Matrix API level MUST return a 'standard error response'", or a UIA challenge. */
function errorViolations({ status, body, contentType }: SeenAnswer, operation: Operation | undefined): string[] {
  if (!isRecord(body)) return ['an error that is no JSON object'];
  if (contentType !== 'application/json') return [`an error with Content-Type ${contentType}`];
  const isChallenge = status === 401 && Array.isArray(body['flows']);
  const found: string[] = [];
  if (!isChallenge) {
    if (typeof body['errcode'] !== 'string' || !body['errcode'].startsWith('M_')) found.push('no errcode');
    if (typeof body['error'] !== 'string' || body['error'] === '') found.push('no error text');
  }
  const schema = operation?.responses.get(String(status));
  // An ordinary error where the page describes only the challenge (a wrong token), or the other way round.
  const describesChallenge = JSON.stringify(schema ?? {}).includes('"flows"');
  if (schema !== undefined && describesChallenge === isChallenge) found.push(...schemaViolations(schema, body));
  if (status === 429 && !Number.isSafeInteger(body['retry_after_ms'])) found.push('429 without retry_after_ms');
  return found;
}

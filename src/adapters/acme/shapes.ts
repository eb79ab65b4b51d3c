/** What an authority's answers are made of, read strictly: a word of the wrong type is no answer. */
import { getArray, getObject, getString, getStrings, isObject, type JsonObject } from '../../matrix/json.ts';
import { parseJson } from '../../matrix/json-parse.ts';
import type { HttpAnswer } from '../../ports/http.ts';
import { badAnswer } from './refusal.ts';

export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly renewalInfo: string | undefined;
  readonly termsOfService: string | undefined;
  readonly needsExternalAccount: boolean;
  /** Names of profiles that may be asked for; `undefined` where the authority speaks of none. */
  readonly profiles: readonly string[] | undefined;
}

export interface Identifier {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

export interface Order {
  readonly status: string;
  readonly identifiers: readonly Identifier[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate: string | undefined;
  readonly error: Problem | undefined;
}

export interface AcmeChallenge {
  readonly type: string;
  readonly url: string;
  readonly status: string;
  readonly token: string | undefined;
  readonly error: Problem | undefined;
}

export interface Authorization {
  readonly status: string;
  readonly identifier: Identifier;
  readonly challenges: readonly AcmeChallenge[];
}

/** RFC 7807, as RFC 8555 §6.7 uses it. */
export interface Problem {
  /** Without `urn:ietf:params:acme:error:`; empty where it is another one. */
  readonly type: string;
  readonly detail: string;
}

const DEPTH_MAX = 16;
const LIST_MAX = 200;
const DETAIL_CHARS_MAX = 500;
const ERROR_PREFIX = 'urn:ietf:params:acme:error:';

/** The object of an answer. Throws an {@link OperationError} where it is none. */
export function objectOf({ bytes }: Pick<HttpAnswer, 'bytes'>): JsonObject {
  try {
    const value = parseJson(bytes, { maxDepth: DEPTH_MAX });
    if (isObject(value)) return value;
  } catch (cause) {
    throw badAnswer('no JSON', cause);
  }
  throw badAnswer('no JSON object');
}

/** RFC 8555 §7.1.1. */
export function readDirectory(body: JsonObject): Directory {
  const meta = getObject(body, 'meta');
  const profiles = getObject(meta, 'profiles');
  return {
    newNonce: textOf(body, 'newNonce'),
    newAccount: textOf(body, 'newAccount'),
    newOrder: textOf(body, 'newOrder'),
    renewalInfo: getString(body, 'renewalInfo'),
    termsOfService: getString(meta, 'termsOfService'),
    needsExternalAccount: meta?.['externalAccountRequired'] === true,
    profiles: profiles === undefined ? undefined : Object.keys(profiles),
  };
}

/** RFC 8555 §7.1.3. */
export function readOrder(body: JsonObject): Order {
  const authorizations = getStrings(body, 'authorizations') ?? [];
  const identifiers = objectsOf(body, 'identifiers').map(identifierOf);
  if (authorizations.length === 0 || authorizations.length > LIST_MAX)
    throw badAnswer('an order with no authorizations');
  return {
    status: textOf(body, 'status'),
    identifiers,
    authorizations,
    finalize: textOf(body, 'finalize'),
    certificate: getString(body, 'certificate'),
    error: problemOf(getObject(body, 'error')),
  };
}

/** RFC 8555 §7.1.4. */
export function readAuthorization(body: JsonObject): Authorization {
  const identifier = getObject(body, 'identifier');
  if (identifier === undefined) throw badAnswer('an authorization without an identifier');
  return {
    status: textOf(body, 'status'),
    identifier: identifierOf(identifier),
    challenges: objectsOf(body, 'challenges').map(readChallenge),
  };
}

/** RFC 8555 §7.1.5 and §8. */
function readChallenge(body: JsonObject): AcmeChallenge {
  return {
    type: textOf(body, 'type'),
    url: textOf(body, 'url'),
    status: textOf(body, 'status'),
    token: getString(body, 'token'),
    error: problemOf(getObject(body, 'error')),
  };
}

/** The problem of an answer with an error status; of no type where the body is no such document. */
export function readProblem(answer: HttpAnswer): Problem {
  try {
    return problemOf(objectOf(answer)) ?? { type: '', detail: '' };
  } catch {
    return { type: '', detail: '' };
  }
}

function problemOf(body: JsonObject | undefined): Problem | undefined {
  if (body === undefined) return undefined;
  const type = getString(body, 'type') ?? '';
  const inner = objectsOrNone(body, 'subproblems').map((one) => getString(one, 'detail') ?? '');
  const detail = [getString(body, 'detail') ?? '', ...inner].filter((one) => one !== '').join('; ');
  return {
    type: type.startsWith(ERROR_PREFIX) ? type.slice(ERROR_PREFIX.length, ERROR_PREFIX.length + 64) : '',
    // It ends in logs and on a terminal.
    detail: detail.replaceAll(/\p{C}/gu, ' ').slice(0, DETAIL_CHARS_MAX),
  };
}

function identifierOf(body: JsonObject): Identifier {
  const type = textOf(body, 'type');
  if (type !== 'dns' && type !== 'ip') throw badAnswer('an identifier of another type');
  return { type, value: textOf(body, 'value') };
}

function objectsOf(body: JsonObject, key: string): JsonObject[] {
  const list = getArray(body, key);
  if (list === undefined || list.length > LIST_MAX || !list.every(isObject)) throw badAnswer(`no list of ${key}`);
  return list;
}

function objectsOrNone(body: JsonObject, key: string): JsonObject[] {
  return (getArray(body, key) ?? []).slice(0, LIST_MAX).filter(isObject);
}

function textOf(body: JsonObject, key: string): string {
  const value = getString(body, key);
  if (value === undefined) throw badAnswer(`no ${key}`);
  return value;
}

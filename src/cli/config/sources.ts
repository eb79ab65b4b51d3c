/** Where configuration comes from: the file, the environment, flags. The later one wins. */
import type { TSchema } from 'typebox';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { nearest } from '../../lib/nearest.ts';
import { ConfigSchema } from './schema.ts';
import { type Key, listKeys, nodeOf } from './tree.ts';

/** A configuration that cannot be used: what is wrong, where, and what to type. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** A value together with the place it was read from, for error messages. */
export interface Source {
  /** For example `postern.yaml:12` or `POSTERN_LOG__LEVEL`. */
  place(path: readonly string[]): string;
  readonly value: unknown;
}

/** Parses the text of a configuration file, YAML or JSON. */
export function readFileSource(text: string, fileName: string): Source {
  const lineCounter = new LineCounter();
  const document: Document = parseDocument(text, { lineCounter, uniqueKeys: true });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const line = lineCounter.linePos(problem.pos[0]).line;
    throw new ConfigError(`${fileName}:${line}: ${problem.message.split('\n')[0] ?? 'not valid YAML'}`);
  }
  return {
    value: plainValue(document, fileName) ?? {},
    place: (path) => {
      const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
      return node?.range === undefined ? fileName : `${fileName}:${lineCounter.linePos(node.range[0]).line}`;
    },
  };
}

/** The document as plain data: an alias without its anchor, or too many of them, is told only now. */
function plainValue(document: Document, place: string): unknown {
  try {
    return document.toJS() as unknown;
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    throw new ConfigError(`${place}: ${cause.message}`, { cause });
  }
}

/** `rateLimits.enabled` → `POSTERN_RATE_LIMITS__ENABLED` */
export function environmentName(path: readonly string[]): string {
  return `POSTERN_${path.map((one) => one.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('__')}`;
}

/** Values that the environment gives, as YAML scalars or flow collections. */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Source[] {
  const keys = new Map(listKeys(ConfigSchema).map((key) => [environmentName(key.path), key]));
  const sources: Source[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('POSTERN_') || text === undefined || OTHER_VARIABLES.has(name)) continue;
    const key = keys.get(name);
    if (key === undefined) {
      const guess = nearest(name, [...keys.keys()]);
      throw new ConfigError(`${name}: no such key${guess === undefined ? '' : `; did you mean ${guess}?`}`);
    }
    sources.push(valueSource(key, text, name));
  }
  return sources;
}

/** Variables of ours that are no configuration keys. */
const OTHER_VARIABLES = new Set(['POSTERN_CHROMIUM', 'POSTERN_SPEC', 'POSTERN_POSTGRES']);

/** Values given as flags: `--rateLimits.enabled=false` or `--rate-limits.enabled false`. */
export function readFlags(flags: Readonly<Record<string, string>>): Source[] {
  const keys = new Map(listKeys(ConfigSchema).map((key) => [flagName(key.path), key]));
  return Object.entries(flags).map(([name, text]) => {
    const key = keys.get(flagName(name.split('.')));
    if (key === undefined) {
      const guess = nearest(name, [...keys.keys()]);
      throw new ConfigError(`--${name}: no such key${guess === undefined ? '' : `; did you mean --${guess}?`}`);
    }
    return valueSource(key, text, `--${name}`);
  });
}

/** The flags of all keys, as they are written: `--rate-limits.enabled`. */
export function listConfigFlags(): string[] {
  return listKeys(ConfigSchema).map((key) => `--${flagName(key.path)}`);
}

/** Whether `--rateLimits.enabled`, in either way of writing, is a key of the configuration. */
export function isConfigFlag(rawName: string): boolean {
  return rawName.startsWith('--') && listConfigFlags().includes(`--${flagName(rawName.slice(2).split('.'))}`);
}

function flagName(path: readonly string[]): string {
  return path.map((one) => one.replaceAll(/-?[A-Z]/g, (letter) => `-${letter.at(-1) ?? ''}`).toLowerCase()).join('.');
}

function valueSource(key: Key, text: string, place: string): Source {
  const value = readValue(key, text, place);
  const nested = key.path.toReversed().reduce<unknown>((inner, name) => ({ [name]: inner }), value);
  return { value: nested, place: () => place };
}

function readValue(key: Key, text: string, place: string): unknown {
  // Where a text is allowed, "12" is one, and so is a secret that begins with "#" or "*".
  if (takesText(key.schema) && !/^\s*(?:[{[].*|null|~)?\s*$/s.test(text)) return text;
  const document = parseDocument(text);
  return document.errors.length > 0 ? text : plainValue(document, place);
}

function takesText(schema: TSchema): boolean {
  const { type, enum: values, anyOf } = nodeOf(schema) as { type?: string; enum?: unknown[]; anyOf?: TSchema[] };
  return type === 'string' || typeof values?.[0] === 'string' || anyOf?.some(takesText) === true;
}

/** Sources against the schema: the typed configuration, or every mistake at once. */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { nearest } from '../../lib/nearest.ts';
import { parseServerName } from '../../matrix/ids.ts';
import { certificateMistakes } from './check-certificates.ts';
import { dnsMistakes } from './check-dns.ts';
import { federationMistakes, linkMistakes, networkMistakes, relayMistakes } from './check-network.ts';
import { routeMistakes } from './check-routes.ts';
import { durationMs } from './duration.ts';
import { type Config, ConfigSchema, LATER, SUPPORTED_APIS } from './schema.ts';
import { ConfigError, type Source } from './sources.ts';
import { allowed, defaultsOf, isSection, nodeOf } from './tree.ts';

type Plain = Record<string, unknown>;

/** Lays the sources over the defaults, in order, and checks the result. Throws {@link ConfigError}. */
export function checkConfig(sources: readonly Source[]): Config {
  const config = defaultsOf(ConfigSchema) as Plain;
  const mistakes: string[] = [];
  for (const source of sources) apply(ConfigSchema, config, { source, path: [], value: source.value, mistakes });
  if (mistakes.length === 0) mistakes.push(...contradictions(config as unknown as Config));
  if (mistakes.length > 0) throw new ConfigError(mistakes.join('\n'));
  return config as unknown as Config;
}

interface Place {
  readonly source: Source;
  readonly path: readonly string[];
  readonly value: unknown;
  readonly mistakes: string[];
}

function apply(schema: TSchema, target: Plain, at: Place): void {
  const { source, path, value, mistakes } = at;
  const where = `${source.place(path)}: ${path.length === 0 ? 'the configuration' : path.join('.')}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    mistakes.push(`${where} is ${show(value)}; allowed is ${allowed(schema)}`);
    return;
  }
  const properties = nodeOf(schema).properties ?? {};
  for (const [name, inner] of Object.entries(value)) {
    const child = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const next = { ...at, path: [...path, name], value: inner as unknown };
    if (child === undefined) mistakes.push(unknownKey(next, Object.keys(properties)));
    else if (isSection(child)) apply(child, target[name] as Plain, next);
    else applyKey(child, target, next);
  }
}

function unknownKey(at: Place, known: readonly string[]): string {
  const name = at.path.at(-1) ?? '';
  const guess = nearest(name, known);
  const hint = guess === undefined ? `known here are ${known.join(', ')}` : `did you mean ${guess}?`;
  return `${at.source.place(at.path)}: ${at.path.join('.')} is no key of the configuration; ${hint}`;
}

function applyKey(schema: TSchema, target: Plain, at: Place): void {
  const name = at.path.at(-1) ?? '';
  const where = `${at.source.place(at.path)}: ${at.path.join('.')}`;
  if (!Compile(schema).Check(at.value)) {
    const example = JSON.stringify(nodeOf(schema).default);
    at.mistakes.push(`${where} is ${show(at.value)}; allowed is ${allowed(schema)}. The default is ${example}`);
    return;
  }
  const node = nodeOf(schema);
  if (node[LATER] === true && JSON.stringify(at.value) !== JSON.stringify(node.default)) {
    at.mistakes.push(
      `${where} is ${show(at.value)}, which is not yet supported; remove the key or set ${show(node.default)}`,
    );
    return;
  }
  target[name] = at.value;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** What each key allows by itself and no two of them allow together. */
function contradictions(config: Config): string[] {
  const found: string[] = [];
  if (parseServerName(config.serverName) === undefined) {
    found.push(`serverName is ${show(config.serverName)}; allowed is a host name or IP address, with or without :port`);
  }
  if (config.storage.engine === 'postgres' && config.storage.url === null) {
    found.push('storage.engine is "postgres" but storage.url is not set; set storage.url: postgres://…');
  }
  if (config.storage.engine === 'postgres' && config.storage.encryption.key !== null) {
    found.push('storage.encryption works with storage.engine: sqlite only; encrypt the disk of the PostgreSQL server');
  }
  if (config.roles.includes('homeserver') === config.roles.includes('relay') && config.roles.join() !== 'dns') {
    found.push(`roles is ${show(config.roles)}; allowed is homeserver or relay, with or without dns, or dns alone`);
  }
  const supported: readonly string[] = SUPPORTED_APIS;
  for (const [index, listener] of config.listeners.entries()) {
    for (const api of listener.apis) {
      if (!supported.includes(api)) {
        found.push(
          `listeners[${index}].apis names "${api}", which is not yet supported; supported are ${supported.join(', ')}`,
        );
      }
    }
  }
  const { remoteRetention } = config.media;
  if (durationMs(remoteRetention) === undefined) {
    found.push(
      `media.remoteRetention is ${show(remoteRetention)}; allowed is a number with a unit, s, m, h, d or w: 30d`,
    );
  }
  found.push(
    ...networkMistakes(config),
    ...federationMistakes(config),
    ...linkMistakes(config),
    ...relayMistakes(config),
    ...dnsMistakes(config),
    ...certificateMistakes(config),
    ...routeMistakes(config),
  );
  if (config.listeners.length === 0) found.push('listeners is empty; at least one is needed');
  return found;
}

/** Secrets: given inline, in a file, or by the environment. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from './sources.ts';

export type SecretValue = string | { readonly file: string } | { readonly env: string } | null;

export interface SecretPlaces {
  /** Files are named relative to this folder. */
  readonly baseDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The secret itself, without the line end a file may have. `key` is the configuration key, for the error. */
export function readSecret(value: SecretValue, key: string, places: SecretPlaces): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') return value;
  if ('env' in value) {
    const text = places.environment[value.env];
    if (text === undefined) throw new ConfigError(`${key}: the environment variable ${value.env} is not set`);
    return text;
  }
  const file = path.resolve(places.baseDir, value.file);
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new ConfigError(`${key}: the file ${value.file} cannot be read`, { cause });
  }
}

/** Asks for a secret on the terminal, without showing what is typed. Throws {@link ConfigError} where there is none. */
export async function askSecret(key: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new ConfigError(
      `${key}: it is to be typed at the start, but there is no terminal; give it as {file} or {env}`,
    );
  }
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message: key });
  if (isCancel(answer) || answer === '') throw new ConfigError(`${key}: nothing was typed`);
  return answer;
}

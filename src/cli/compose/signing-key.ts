/**
 * The server's signing key: one line `ed25519 <version> <seed in unpadded base64>`, made at the first start. Keys that
 * signed events once may follow, each on a line `old ed25519 <version> <public key in base64> <time of its end in ms>`.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { decodeBase64, encodeBase64 } from '../../lib/base64.ts';
import type { SigningKey } from '../../ports/crypto.ts';
import type { Random } from '../../ports/random.ts';
import type { OldSigningKey } from '../../server/peers/index.ts';
import { ConfigError } from '../config/sources.ts';

export interface SigningKeys {
  readonly current: SigningKey;
  readonly old: readonly OldSigningKey[];
}

const VERSION = /^[A-Za-z0-9_]+$/;

/** Parses the text of a key file. Throws {@link ConfigError}. */
export function parseSigningKeys(text: string): SigningKeys {
  const [first = '', ...rest] = text.trim().split('\n');
  return { current: parseCurrent(first), old: rest.filter((line) => line.trim() !== '').map(parseOld) };
}

function parseCurrent(line: string): SigningKey {
  const [algorithm, version = '', encoded] = line.trim().split(/\s+/);
  const seed = encoded === undefined ? undefined : decodeBase64(encoded);
  if (algorithm !== 'ed25519' || seed?.length !== 32 || !VERSION.test(version)) {
    throw new ConfigError('signingKey: expected one line "ed25519 <version> <32 bytes in base64>"');
  }
  return { keyId: `ed25519:${version}`, seed };
}

function parseOld(line: string): OldSigningKey {
  const [old, algorithm, version = '', encoded, time = ''] = line.trim().split(/\s+/);
  const publicKey = encoded === undefined ? undefined : decodeBase64(encoded);
  const isWhole = old === 'old' && algorithm === 'ed25519' && VERSION.test(version) && /^[0-9]{1,15}$/.test(time);
  if (!isWhole || publicKey?.length !== 32) {
    const form = '"old ed25519 <version> <public key in base64> <time of its end in milliseconds>"';
    throw new ConfigError(`signingKey: expected after the first line only lines ${form}`);
  }
  return { keyId: `ed25519:${version}`, publicKey, expiredTs: Number(time) };
}

/** Reads the key file, or makes it, readable by its owner alone. */
export function openSigningKeys(file: string, random: Random): SigningKeys {
  if (existsSync(file)) return parseSigningKeys(readFileSync(file, 'utf8'));
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const version = `a_${random.token(6).replaceAll(/[^A-Za-z0-9]/g, 'x')}`;
  const text = `ed25519 ${version} ${encodeBase64(random.bytes(32))}\n`;
  const handle = openSync(file, 'wx', 0o600);
  writeSync(handle, text);
  fsyncSync(handle);
  closeSync(handle);
  return parseSigningKeys(text);
}

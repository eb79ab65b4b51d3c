/** The server's signing key: one line `ed25519 <version> <seed in unpadded base64>`, made at the first start. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { decodeBase64, encodeBase64 } from '../../lib/base64.ts';
import type { SigningKey } from '../../ports/crypto.ts';
import type { Random } from '../../ports/random.ts';
import { ConfigError } from '../config/sources.ts';

/** Parses the text of a key file. Throws {@link ConfigError}. */
export function parseSigningKey(text: string): SigningKey {
  const [algorithm, version, encoded] = text.trim().split(/\s+/);
  const seed = encoded === undefined ? undefined : decodeBase64(encoded.replace(/=+$/, ''));
  if (algorithm !== 'ed25519' || version === undefined || seed?.length !== 32 || !/^[A-Za-z0-9_]+$/.test(version)) {
    throw new ConfigError('signingKey: expected one line "ed25519 <version> <32 bytes in base64>"');
  }
  return { keyId: `ed25519:${version}`, seed };
}

/** Reads the key file, or makes it, readable by its owner alone. */
export function openSigningKey(file: string, random: Random): SigningKey {
  if (existsSync(file)) return parseSigningKey(readFileSync(file, 'utf8'));
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const version = `a_${random.token(6).replaceAll(/[^A-Za-z0-9]/g, 'x')}`;
  const text = `ed25519 ${version} ${encodeBase64(random.bytes(32))}\n`;
  const handle = openSync(file, 'wx', 0o600);
  writeSync(handle, text);
  fsyncSync(handle);
  closeSync(handle);
  return parseSigningKey(text);
}

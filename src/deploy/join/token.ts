/** `node.join`: everything that a machine needs to become one node of a deployment, as one line of text. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { decodeBase64Url, encodeBase64Url } from '../../lib/base64.ts';

export interface Join {
  /** The node's name in its topology. */
  readonly node: string;
  /** Its `postern.yaml`. */
  readonly config: string;
  /** The private key of its links, as the file holds it; none where it has no links. */
  readonly linkKey: string | undefined;
}

const PREFIX = 'postern-join-1.';
const TOKEN_CHARS_MAX = 65_536;
const TEXT_BYTES_MAX = 262_144;

/** The token. Whoever has it can pass for the node. */
export function writeJoin({ node, config, linkKey }: Join): string {
  const text = JSON.stringify({ node, config, ...(linkKey !== undefined && { linkKey }) });
  return PREFIX + encodeBase64Url(deflateRawSync(text));
}

/** What a token holds; `undefined` for any other text. */
export function readJoin(token: string): Join | undefined {
  const text = token.trim();
  if (!text.startsWith(PREFIX) || text.length > TOKEN_CHARS_MAX) return undefined;
  const packed = decodeBase64Url(text.slice(PREFIX.length));
  const value = packed === undefined ? undefined : unpack(packed);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { node, config, linkKey } = { node: undefined, config: undefined, linkKey: undefined, ...value };
  if (!isText(node) || !/^[0-9A-Za-z_-]{1,64}$/.test(node) || !isText(config)) return undefined;
  if (linkKey !== undefined && !isText(linkKey)) return undefined;
  return { node, config, linkKey };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function unpack(packed: Uint8Array): unknown {
  try {
    return JSON.parse(inflateRawSync(packed, { maxOutputLength: TEXT_BYTES_MAX }).toString('utf8'));
  } catch {
    // Torn, longer than any configuration, or something else from the start.
    return undefined;
  }
}

/** Files and pictures of messages: where the bytes are and what they claim to be. */
import { parseMxcUri } from '../../matrix/ids.ts';
import { asNumber, asObject, asString, field, type JsonObject } from '../json.ts';

/** Key material of an encrypted attachment, as `content.file` has it. */
export interface EncryptedFile {
  readonly key: string;
  readonly iv: string;
  readonly sha256: string;
}

export interface MediaSource {
  readonly uri?: string;
  readonly encrypted?: EncryptedFile;
  /** The bytes still wait here to be uploaded. */
  readonly blobId?: string;
}

export interface MediaInfo {
  readonly name: string;
  readonly source: MediaSource;
  readonly thumbnail?: MediaSource;
  readonly mimeType?: string;
  readonly sizeBytes?: number;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  readonly blurhash?: string;
}

function parseEncryptedFile(value: unknown): EncryptedFile | undefined {
  const file = asObject(value);
  const jwk = asObject(field(file, 'key'));
  const key = asString(field(jwk, 'k'));
  const iv = asString(field(file, 'iv'));
  const sha256 = asString(field(asObject(field(file, 'hashes')), 'sha256'));
  // "v: Version of the encrypted attachments protocol. Must be v2."
  if (field(file, 'v') !== 'v2' || field(jwk, 'alg') !== 'A256CTR') return undefined;
  return key === undefined || iv === undefined || sha256 === undefined ? undefined : { key, iv, sha256 };
}

function parseSource(content: JsonObject | undefined, plainKey: string, fileKey: string): MediaSource | undefined {
  const file = asObject(field(content, fileKey));
  const uri = asString(field(file ?? content, file === undefined ? plainKey : 'url'));
  const blobId = asString(field(content, `org.postern.local.${fileKey}`));
  const encrypted = file === undefined ? undefined : parseEncryptedFile(file);
  if (file !== undefined && encrypted === undefined) return undefined;
  if (blobId === undefined && (uri === undefined || parseMxcUri(uri) === undefined)) return undefined;
  return {
    ...(uri === undefined ? {} : { uri }),
    ...(encrypted === undefined ? {} : { encrypted }),
    ...(blobId === undefined ? {} : { blobId }),
  };
}

const SIDE_MAX = 20_000;

function side(value: unknown): number | undefined {
  const pixels = asNumber(value);
  return pixels !== undefined && pixels > 0 && pixels <= SIDE_MAX ? Math.round(pixels) : undefined;
}

/** The file of an `m.image`, `m.file`, `m.video` or `m.audio` content; `undefined` when it has none to show. */
export function parseMedia(content: JsonObject): MediaInfo | undefined {
  const source = parseSource(content, 'url', 'file');
  if (source === undefined) return undefined;
  const info = asObject(field(content, 'info'));
  const thumbnail = parseSource(info, 'thumbnail_url', 'thumbnail_file');
  const optional = {
    thumbnail,
    mimeType: asString(field(info, 'mimetype')),
    sizeBytes: asNumber(field(info, 'size')),
    width: side(field(info, 'w')),
    height: side(field(info, 'h')),
    durationMs: asNumber(field(info, 'duration')),
    blurhash: asString(field(info, 'xyz.amorgan.blurhash')) ?? asString(field(info, 'blurhash')),
  };
  const name = asString(field(content, 'filename')) ?? asString(field(content, 'body')) ?? '';
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { name, source, ...present };
}

/** Media of this server. */
import { randomUUID } from 'node:crypto';
import { param, type ReceivedRequest, Refusal, type Reply } from '../requests.ts';
import type { RemoteServer } from '../../remote-server.ts';
import type { Handler } from './handler.ts';

export interface RemoteMedia {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly fileName?: string;
  /** Where the bytes are instead. */
  readonly location?: string;
}

function mediaOf(server: RemoteServer, request: ReceivedRequest): RemoteMedia {
  const media = server.media.get(param(request, 'mediaId'));
  if (media === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'Unknown media');
  return media;
}

/** "A `boundary` … delineating exactly two parts": metadata, and the bytes or a `Location`. */
function multipart(media: RemoteMedia): Reply {
  const boundary = randomUUID();
  const name = media.fileName === undefined ? '' : `; filename="${media.fileName}"`;
  const head =
    media.location === undefined
      ? [`Content-Type: ${media.contentType}`, `Content-Disposition: attachment${name}`]
      : [`Location: ${media.location}`];
  const before = [`--${boundary}`, 'Content-Type: application/json', '', '{}', `--${boundary}`, ...head, '', ''];
  const body = media.location === undefined ? media.bytes : new Uint8Array();
  return {
    status: 200,
    headers: { 'Content-Type': `multipart/mixed; boundary=${boundary}` },
    bytes: Buffer.concat([Buffer.from(before.join('\r\n')), body, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

export const getContent: Handler = (server, request) => multipart(mediaOf(server, request));
/** The media itself stands for its thumbnail: "The actual thumbnail may be larger than the size specified." */
export const getContentThumbnail: Handler = (server, request) => multipart(mediaOf(server, request));

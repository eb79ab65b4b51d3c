/** What a person does with messages: writing, files, reactions, taking back; and reading media. */
import { getContentAuthed } from '../../matrix/api/client-server/getContentAuthed.ts';
import { getContentThumbnailAuthed } from '../../matrix/api/client-server/getContentThumbnailAuthed.ts';
import { OperationError } from '../../matrix/errors.ts';
import { parseMxcUri } from '../../matrix/ids.ts';
import { fillPath } from '../api/call.ts';
import { freshId } from '../environment.ts';
import type { JsonObject } from '../json.ts';
import { decryptAttachment, encryptAttachment } from '../outbox/attachments.ts';
import type { Draft } from '../outbox/outbox.ts';
import type { MediaSource } from '../timeline/media.ts';
import type { Account } from './account.ts';
import { fileContent, textContent } from './compose.ts';
import type { Commands, FileToSend } from './contract.ts';

type MessageCommands = Pick<
  Commands,
  | 'sendText'
  | 'sendFile'
  | 'react'
  | 'redact'
  | 'retrySending'
  | 'discardMessage'
  | 'loadOlder'
  | 'fetchReplyTarget'
  | 'readMedia'
  | 'readThumbnail'
>;

type Upload = NonNullable<Draft['uploads']>[number];

interface Prepared {
  readonly upload: Upload;
  /** What the message says of the file until its address is known. */
  readonly part: JsonObject;
}

async function prepare(
  account: Account,
  file: { bytes: Uint8Array<ArrayBuffer>; mimeType: string; name: string; slot: 'file' | 'thumbnail' },
  isEncrypted: boolean,
): Promise<Prepared> {
  const { environment } = account.host;
  const blobId = freshId(environment);
  const key = file.slot === 'file' ? 'file' : 'thumbnail_file';
  const local = { [`org.postern.local.${key}`]: blobId };
  if (!isEncrypted) {
    const { bytes, mimeType: contentType, name, slot } = file;
    return { upload: { blobId, field: slot, contentType, name, bytes }, part: local };
  }
  const encrypted = await encryptAttachment(environment, file.bytes);
  const upload = {
    blobId,
    field: file.slot,
    contentType: 'application/octet-stream',
    name: '',
    bytes: encrypted.bytes,
  };
  return { upload, part: { ...local, [key]: encrypted.file } };
}

async function sendFile(account: Account, request: FileToSend): Promise<void> {
  const room = await account.store.read(['rooms'], (one) => one.find('rooms', [request.roomId]));
  // A room we know nothing of is treated as encrypted: a key too many does no harm.
  const isEncrypted = room?.isEncrypted ?? true;
  const { bytes, mimeType, name } = request;
  const main = await prepare(account, { bytes, mimeType, name, slot: 'file' }, isEncrypted);
  const content = fileContent(request);
  const uploads = [main.upload];
  let info = (content['info'] ?? {}) as JsonObject;
  if (request.thumbnail !== undefined) {
    const small = { ...request.thumbnail, name: '', slot: 'thumbnail' as const };
    const thumbnail = await prepare(account, small, isEncrypted);
    uploads.unshift(thumbnail.upload);
    info = { ...info, ...thumbnail.part };
  }
  await account.outbox.enqueue({
    roomId: request.roomId,
    type: 'm.room.message',
    content: { ...content, ...main.part, info },
    uploads,
  });
}

async function download(account: Account, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await account.api.send(
    path,
    { method: 'GET' },
    { access: 'required', wait: true, hints: { isRepeatable: true } },
  );
  return new Uint8Array(await response.arrayBuffer());
}

function parsed(uri: string): { serverName: string; mediaId: string } {
  const mxc = parseMxcUri(uri);
  if (mxc === undefined) throw new OperationError('bad-media-address', { temporary: false });
  return { serverName: mxc.server, mediaId: mxc.mediaId };
}

async function readMedia(account: Account, source: MediaSource): Promise<Uint8Array<ArrayBuffer>> {
  const { blobId, uri, encrypted } = source;
  const local =
    blobId === undefined ? undefined : await account.store.read(['blobs'], (one) => one.find('blobs', [blobId]));
  const bytes = local ?? (await download(account, fillPath(getContentAuthed.path, parsed(uri ?? ''))));
  if (encrypted === undefined) return bytes;
  const plain = await decryptAttachment(account.host.environment, bytes, encrypted);
  if (plain === undefined) throw new OperationError('damaged-attachment', { temporary: false });
  return plain;
}

function readThumbnail(account: Account, uri: string, sidePixels: number): Promise<Uint8Array<ArrayBuffer>> {
  const query = `?width=${sidePixels}&height=${sidePixels}&method=crop`;
  return download(account, fillPath(getContentThumbnailAuthed.path, parsed(uri)) + query);
}

/** The commands over messages; `account` gives the signed-in one or fails. */
export function messageCommands(account: () => Account): MessageCommands {
  return {
    async sendText(request) {
      await account().outbox.enqueue({ roomId: request.roomId, type: 'm.room.message', content: textContent(request) });
    },
    sendFile: (request) => sendFile(account(), request),
    async react(roomId, eventId, key) {
      const content = { 'm.relates_to': { rel_type: 'm.annotation', event_id: eventId, key } };
      await account().outbox.enqueue({ roomId, type: 'm.reaction', content });
    },
    async redact(roomId, eventId) {
      await account().outbox.enqueue({ roomId, type: 'm.room.redaction', content: {}, redacts: eventId });
    },
    retrySending: (transactionId) => account().outbox.retry(transactionId),
    discardMessage: (transactionId) => account().outbox.discard(transactionId),
    async loadOlder(roomId) {
      const { timelines } = account();
      const loading = account().timeline(roomId).loadOlder();
      timelines.changed(roomId);
      await loading.finally(() => timelines.changed(roomId));
    },
    async fetchReplyTarget(roomId, eventId) {
      if (await account().timeline(roomId).fetchTarget(eventId)) account().timelines.changed(roomId);
    },
    readMedia: (source) => readMedia(account(), source),
    readThumbnail: (uri, sidePixels) => readThumbnail(account(), uri, sidePixels),
  };
}

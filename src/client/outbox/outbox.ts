/**
 * Messages on their way out. What the user sent is in the store before anything else happens; the
 * transaction id is made then, and the ciphertext is stored before its first PUT and repeated unchanged,
 * so that no retry can double a message (CLIENT.md §4.4).
 */
import { redactEvent } from '../../matrix/api/client-server/redactEvent.ts';
import { sendMessage } from '../../matrix/api/client-server/sendMessage.ts';
import { uploadContent } from '../../matrix/api/client-server/uploadContent.ts';
import type { Api } from '../api/call.ts';
import { isTemporary, ServerError } from '../api/errors.ts';
import { freshId, type ClientEnvironment } from '../environment.ts';
import type { ClearContent } from '../events.ts';
import { asObject, asString, field, parseJson, type JsonObject } from '../json.ts';
import type { OutboxRecord, UploadRecord } from '../store/records.ts';
import type { Sealer } from '../store/sealer.ts';
import type { Store } from '../store/store.ts';

export interface OutboxDependencies {
  readonly environment: ClientEnvironment;
  readonly store: Store;
  readonly sealer: Sealer;
  readonly api: Api;
  /** Encrypts for the room where it is encrypted; `undefined` while the crypto is not there yet. */
  protect(roomId: string, message: ClearContent): Promise<ClearContent | undefined>;
  onChange(roomId: string): void;
}

export interface Draft {
  readonly roomId: string;
  readonly type: string;
  readonly content: JsonObject;
  readonly redacts?: string;
  readonly uploads?: readonly (UploadRecord & { readonly bytes: Uint8Array<ArrayBuffer> })[];
}

export interface Pending {
  readonly record: OutboxRecord;
  readonly content: JsonObject;
}

const ROOMS_AT_ONCE = 3;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 60_000;

export class Outbox {
  readonly #dependencies: OutboxDependencies;
  readonly #running = new Set<string>();
  /** Rooms that wait for something other than time: until the next kick they are left alone. */
  readonly #blocked = new Set<string>();
  #wake: AbortController = new AbortController();
  #stopped = false;
  #lastId = 0;

  constructor(dependencies: OutboxDependencies) {
    this.#dependencies = dependencies;
  }

  /** Stores a message to be sent; from here on it survives everything. Gives its transaction id. */
  async enqueue(draft: Draft): Promise<string> {
    const { environment, store, sealer } = this.#dependencies;
    const transactionId = freshId(environment);
    const sealed = await sealer.seal(draft.content);
    const uploads = draft.uploads?.map(({ bytes: _bytes, ...upload }) => upload);
    await store.write(['outbox', 'blobs'], async (one) => {
      const newest = await one.list('outbox', { prefix: [], reverse: true, limit: 1 });
      const id = Math.max(environment.nowMs(), this.#lastId + 1, Number(newest[0]?.key[0] ?? 0) + 1);
      this.#lastId = id;
      for (const upload of draft.uploads ?? []) one.put('blobs', [upload.blobId], upload.bytes);
      one.put('outbox', [id], {
        id,
        roomId: draft.roomId,
        transactionId,
        createdAtMs: environment.nowMs(),
        state: 'composed',
        kind: draft.redacts === undefined ? 'event' : 'redaction',
        type: draft.type,
        sealed,
        ...(draft.redacts === undefined ? {} : { redacts: draft.redacts }),
        ...(uploads === undefined ? {} : { uploads }),
      });
    });
    this.#dependencies.onChange(draft.roomId);
    this.kick();
    return transactionId;
  }

  /** What is on its way in a room, oldest first. */
  async list(roomId: string): Promise<Pending[]> {
    const pending: Pending[] = [];
    for (const record of await this.#records(roomId)) {
      const content = asObject(await this.#dependencies.sealer.open(record.sealed).catch(() => undefined)) ?? {};
      pending.push({ record, content });
    }
    return pending;
  }

  async countWaiting(): Promise<number> {
    return (await this.#records()).filter((record) => record.state !== 'sent').length;
  }

  async #records(roomId?: string): Promise<OutboxRecord[]> {
    const rows = await this.#dependencies.store.read(['outbox'], (one) => one.list('outbox', { prefix: [] }));
    return rows.map((row) => row.value).filter((record) => roomId === undefined || record.roomId === roomId);
  }

  /** The server has shown these in a sync: they are events now. */
  async confirmSeen(seen: { transactionIds: ReadonlySet<string>; eventIds: ReadonlySet<string> }): Promise<void> {
    const done = (await this.#records()).filter(
      (record) =>
        seen.transactionIds.has(record.transactionId) ||
        (record.eventId !== undefined && seen.eventIds.has(record.eventId)),
    );
    if (done.length > 0) await this.#drop(done);
  }

  async discard(transactionId: string): Promise<void> {
    const found = (await this.#records()).filter((record) => record.transactionId === transactionId);
    await this.#drop(found);
    for (const record of found) this.#dependencies.onChange(record.roomId);
  }

  async retry(transactionId: string): Promise<void> {
    const record = (await this.#records()).find((one) => one.transactionId === transactionId);
    if (record?.state !== 'failed') return;
    const { error: _error, ...rest } = record;
    await this.#save({ ...rest, state: record.wire === undefined ? 'composed' : 'encrypted' });
    this.kick();
  }

  async #drop(records: readonly OutboxRecord[]): Promise<void> {
    await this.#dependencies.store.write(['outbox', 'blobs'], async (one) => {
      for (const record of records) {
        one.remove('outbox', [record.id]);
        for (const upload of record.uploads ?? []) one.remove('blobs', [upload.blobId]);
      }
    });
  }

  async #save(record: OutboxRecord): Promise<void> {
    await this.#dependencies.store.write(['outbox'], async (one) => {
      if ((await one.find('outbox', [record.id])) !== undefined) one.put('outbox', [record.id], record);
    });
    this.#dependencies.onChange(record.roomId);
  }

  /** Something changed that may let waiting messages go: a new one, the network, the crypto. */
  kick(): void {
    const wake = this.#wake;
    this.#wake = new AbortController();
    wake.abort();
    this.#blocked.clear();
    void this.#startRooms().catch(() => undefined);
  }

  stop(): void {
    this.#stopped = true;
    this.#wake.abort();
  }

  async #startRooms(): Promise<void> {
    for (const record of await this.#records()) {
      if (this.#stopped || this.#running.size >= ROOMS_AT_ONCE) return;
      if (record.state === 'failed' || record.state === 'sent') continue;
      if (this.#running.has(record.roomId) || this.#blocked.has(record.roomId)) continue;
      this.#running.add(record.roomId);
      void this.#runRoom(record.roomId).finally(() => {
        this.#running.delete(record.roomId);
        if (!this.#stopped) void this.#startRooms().catch(() => undefined);
      });
    }
  }

  /** One message after the other: order within a room is a promise. */
  async #runRoom(roomId: string): Promise<void> {
    let delayMs = RETRY_FIRST_MS;
    while (!this.#stopped) {
      const wake = this.#wake.signal;
      const record = (await this.#records(roomId)).find((one) => one.state !== 'failed' && one.state !== 'sent');
      if (record === undefined) return;
      const outcome = await this.#advance(record);
      if (outcome === 'blocked') {
        // What it waits for may have come while it was asked for.
        if (wake.aborted) continue;
        this.#blocked.add(roomId);
        return;
      }
      if (outcome === 'done') {
        delayMs = RETRY_FIRST_MS;
        continue;
      }
      await this.#dependencies.environment.sleep(delayMs, wake);
      delayMs = Math.min(delayMs * 2, RETRY_MAX_MS);
    }
  }

  async #advance(record: OutboxRecord): Promise<'done' | 'retry' | 'blocked'> {
    try {
      return (await this.#send(record)) ? 'done' : 'blocked';
    } catch (error) {
      if (isTemporary(error)) return 'retry';
      const reason = error instanceof ServerError ? error.code : error instanceof Error ? error.message : 'unknown';
      const current = (await this.#records(record.roomId)).find((one) => one.id === record.id) ?? record;
      await this.#save({ ...current, state: 'failed', error: reason });
      return 'done';
    }
  }

  async #send(record: OutboxRecord): Promise<boolean> {
    if (record.kind === 'redaction') return this.#sendRedaction(record);
    const uploaded = await this.#upload(record);
    const ready = uploaded.wire === undefined ? await this.#encrypt(uploaded) : uploaded;
    if (ready?.wire === undefined) return false;
    const path = { roomId: ready.roomId, eventType: ready.wire.type, txnId: ready.transactionId };
    const answer = await this.#dependencies.api.call(sendMessage, { path, body: { ...ready.wire.content } });
    await this.#save({ ...ready, state: 'sent', eventId: answer.event_id });
    return true;
  }

  async #sendRedaction(record: OutboxRecord): Promise<boolean> {
    const path = { roomId: record.roomId, eventId: record.redacts ?? '', txnId: record.transactionId };
    const answer = await this.#dependencies.api.call(redactEvent, { path, body: {} });
    await this.#save({ ...record, state: 'sent', eventId: answer.event_id ?? '' });
    return true;
  }

  async #encrypt(record: OutboxRecord): Promise<OutboxRecord | undefined> {
    const content = asObject(await this.#dependencies.sealer.open(record.sealed)) ?? {};
    const wire = await this.#dependencies.protect(record.roomId, { type: record.type, content: withoutLocal(content) });
    if (wire === undefined) return undefined;
    const next: OutboxRecord = { ...record, state: 'encrypted', wire };
    await this.#save(next);
    return next;
  }

  async #upload(record: OutboxRecord): Promise<OutboxRecord> {
    let current = record;
    for (const upload of record.uploads ?? []) {
      if (upload.uri !== undefined) continue;
      const uri = await this.#uploadOne(upload);
      const content = asObject(await this.#dependencies.sealer.open(current.sealed)) ?? {};
      const sealed = await this.#dependencies.sealer.seal(withUri(content, upload.field, uri));
      const uploads = (current.uploads ?? []).map((one) => (one.blobId === upload.blobId ? { ...one, uri } : one));
      current = { ...current, sealed, uploads };
      await this.#save(current);
    }
    return current;
  }

  async #uploadOne(upload: UploadRecord): Promise<string> {
    const { store, api } = this.#dependencies;
    const bytes = await store.read(['blobs'], (one) => one.find('blobs', [upload.blobId]));
    const query = upload.name === '' ? '' : `?filename=${encodeURIComponent(upload.name)}`;
    const response = await api.send(
      uploadContent.path + query,
      { method: 'POST', body: bytes ?? new Uint8Array(), headers: { 'content-type': upload.contentType } },
      { access: 'required', wait: true, hints: { isRepeatable: false } },
    );
    const uri = asString(field(asObject(parseJson(await response.text())), 'content_uri'));
    if (uri === undefined) throw new ServerError(response.status, { errcode: 'M_UNKNOWN', error: 'no content_uri' });
    return uri;
  }
}

const LOCAL_PREFIX = 'org.postern.local.';

/** What only this device needs for its echo never leaves it. */
function withoutLocal(content: JsonObject): JsonObject {
  const clean = (object: JsonObject) =>
    Object.fromEntries(Object.entries(object).filter(([key]) => !key.startsWith(LOCAL_PREFIX)));
  const info = asObject(field(content, 'info'));
  return info === undefined ? clean(content) : { ...clean(content), info: clean(info) };
}

/** Puts the address of an uploaded file where the message names it. */
function withUri(content: JsonObject, slot: UploadRecord['field'], uri: string): JsonObject {
  if (slot === 'thumbnail') {
    const info = asObject(field(content, 'info')) ?? {};
    const file = asObject(field(info, 'thumbnail_file'));
    const filled = file === undefined ? { thumbnail_url: uri } : { thumbnail_file: { ...file, url: uri } };
    return { ...content, info: { ...info, ...filled } };
  }
  const file = asObject(field(content, 'file'));
  return file === undefined ? { ...content, url: uri } : { ...content, file: { ...file, url: uri } };
}

/** What the storage benchmarks share: a store in a folder of its own, and rows as the server writes them. */
import { Buffer } from 'node:buffer';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EventId, RoomId, UserId } from '../../src/matrix/ids.ts';
import type { EventNumber, LineNumber, RoomNumber, Store, Transaction } from '../../src/ports/store/index.ts';
import { openStore } from '../../src/storage/open.ts';

const SIGNING_KEY = { keyId: 'ed25519:bench', seed: new Uint8Array(32).fill(1) };

export interface BenchStore {
  readonly store: Store;
  readonly file: string;
  /** Deletes the folder; the store is closed before. */
  readonly remove: () => void;
}

/** Opens an empty store. */
export async function openBenchStore(): Promise<BenchStore> {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-bench-'));
  const cryptoModule = new URL('../../src/adapters/crypto/index.ts', import.meta.url).href;
  const store = await openStore({ engine: 'sqlite', folder, cryptoModule, signingKeys: [SIGNING_KEY] });
  return {
    store,
    file: path.join(folder, 'postern.db'),
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/** A room as the benchmarks grow it: one line, its head counted here. */
export class BenchRoom {
  readonly number: RoomNumber;
  readonly line: LineNumber;
  readonly #name: string;
  head = 0;
  sent = 0;
  #last: EventNumber | undefined;

  constructor(store: Store, name: string) {
    this.number = store.allocateRoom();
    this.line = store.allocateLine();
    this.#name = name;
  }

  create(one: Transaction): void {
    const roomId = `!${this.#name}:bench.example` as RoomId;
    one.rooms.createRoom({ number: this.number, roomId, version: '12', mainLine: this.line });
  }

  /** The state rows of one change of membership; nothing else. */
  changeMember(one: Transaction, user: UserId, event: EventNumber): void {
    this.head += 1;
    const entry = { type: 'm.room.member', stateKey: user, event };
    one.rooms.appendState(this.line, this.head, [entry]);
    one.rooms.setCurrentState(this.number, [{ ...entry, membership: 'join' }]);
    this.#update(one, one.position);
  }

  /** Everything that sending one message writes. */
  send(one: Transaction, number: EventNumber, body: string): void {
    this.sent += 1;
    const eventId = `$${Buffer.from(`${this.#name}/${this.sent}`.padStart(32, '.')).toString('base64url')}` as EventId;
    const sender = '@sender:bench.example' as UserId;
    const before = `{"auth_events":["${eventId}","${eventId}","${eventId}"],"content":`;
    const content = `{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"${body}"}`;
    const head = `${before}${content},"depth":9,"hashes":{"sha256":"${'h'.repeat(43)}"},"prev_events":["${eventId}"]`;
    one.events.append({
      number,
      eventId,
      room: this.number,
      position: one.position,
      json: `${head},"type":"m.room.encrypted"}`,
      contentStart: before.length,
      contentEnd: before.length + content.length,
      status: 'accepted',
      stateBefore: { line: this.line, position: this.head },
      depth: this.sent,
      originServerTs: 1_700_000_000_000 + this.sent,
      sign: { keyId: SIGNING_KEY.keyId, serverName: 'bench.example', insertAt: head.length, redactedContent: '{}' },
    });
    one.events.setForwardExtremities(this.number, [number], this.#last === undefined ? [] : [this.#last]);
    this.#last = number;
    const transactionId = `m${this.sent}`;
    one.events.recordTransaction({
      user: sender,
      device: 'D',
      scope: this.#name,
      transactionId,
      event: eventId,
      sentAt: 1,
    });
    this.#update(one, one.position);
  }

  #update(one: Transaction, lastPosition: number): void {
    one.rooms.updateRoom({
      number: this.number,
      mainLine: this.line,
      mainHead: this.head,
      joinedCount: 1,
      invitedCount: 0,
      lastPosition,
      lastDepth: this.sent,
    });
  }
}

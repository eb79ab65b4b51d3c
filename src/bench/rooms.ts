/** Rooms, messages and syncs as the scenarios make them. */
import type { JsonObject } from '../matrix/json.ts';
import type { Http } from './http.ts';
import type { Account } from './target.ts';

const CIPHERTEXT = 'A'.repeat(560);

/** An encrypted-shaped message whose PDU has about 1 KB; `mark` finds it again on other servers. */
export function encryptedContent(index: number, mark?: number): JsonObject {
  return {
    ...(mark !== undefined && { bench: mark }),
    algorithm: 'm.megolm.v1.aes-sha2',
    ciphertext: CIPHERTEXT,
    device_id: 'BENCHDEVICE',
    sender_key: 'c2VuZGVyLWtleS1vZi1mb3J0eS10aHJlZS1jaGFyYWN0ZXI',
    session_id: `c2Vzc2lvbi1pZC1vZi1mb3J0eS10aHJlZS1jaGFyYWN0ZXI${index % 10}`,
  };
}

/** A room of its creator and the others, all joined. */
export async function makeRoom(http: Http, creator: Account, others: readonly Account[]): Promise<string> {
  const { room_id: roomId } = await http.call<{ room_id: string }>('POST', '/_matrix/client/v3/createRoom', {
    token: creator.token,
    body: { preset: 'public_chat' },
  });
  const width = 16;
  for (let start = 0; start < others.length; start += width) {
    await Promise.all(
      others
        .slice(start, start + width)
        .map(({ token }) =>
          http.call('POST', `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, { token, body: {} }),
        ),
    );
  }
  return roomId;
}

/** Sends one message; returns its id, or `undefined` where the answer was no 200. */
export async function sendMessage(
  http: Http,
  { token, mark }: Account & { readonly mark?: number },
  roomId: string,
  transaction: string,
): Promise<string | undefined> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/m.room.encrypted/${transaction}`;
  const answer = await http.send('PUT', path, { token, body: encryptedContent(transaction.length, mark) });
  return answer.status === 200
    ? (JSON.parse(answer.body.toString('utf8')) as { event_id: string }).event_id
    : undefined;
}

/** The marks of the messages in a text that holds events, in their order. */
export function marksIn(text: string): number[] {
  return Array.from(text.matchAll(/"bench":(\d+)/g), ([, mark]) => Number(mark));
}

/** Joins a room through servers that are in it: the next one is asked where one does not answer. */
export async function joinThrough(
  http: Http,
  { token }: Account,
  roomId: string,
  ...servers: readonly string[]
): Promise<void> {
  const names = ['via', 'server_name'].flatMap((name) => servers.map((server) => `${name}=${server}`));
  const path = `/_matrix/client/v3/join/${encodeURIComponent(roomId)}?${names.join('&')}`;
  await http.call('POST', path, { token, body: {} });
}

/** Every event id of a room's messages, newest first, by `/messages`. */
export async function readBack(http: Http, { token }: Account, roomId: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (let from = ''; ; ) {
    const query = `dir=b&limit=1000${from === '' ? '' : `&from=${from}`}`;
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/messages?${query}`;
    const page = await http.call<{ chunk: { event_id: string }[]; end?: string }>('GET', path, { token });
    for (const event of page.chunk) found.add(event.event_id);
    if (page.end === undefined) return found;
    from = page.end;
  }
}

export interface SyncAnswer {
  readonly next_batch: string;
  readonly rooms?: { readonly join?: Record<string, { timeline: { events: { event_id: string; type: string }[] } }> };
}

/** One v3 sync. */
export async function syncOnce(http: Http, { token }: Account, query: string): Promise<SyncAnswer> {
  return await http.call<SyncAnswer>('GET', `/_matrix/client/v3/sync?${query}`, { token });
}

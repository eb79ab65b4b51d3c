/** What a client knows from its syncs: its rooms with their state, and the messages to its device, in order. */
import { dig } from '../../harness/answer.ts';
import { isRecord } from '../../harness/schema.ts';
import { at, type Dict, type SimulatedUser } from '../world/user.ts';

/** A message as it came. */
export interface ReceivedMessage {
  readonly from: string;
  readonly number: number;
}

const FILTER = JSON.stringify({ room: { timeline: { limit: 5 } } });

export class SyncClient {
  readonly user: SimulatedUser;
  /** Room → `type|state_key` → event id. */
  readonly rooms = new Map<string, Map<string, string>>();
  readonly received: ReceivedMessage[] = [];
  #since: string | undefined;
  #isBusy = false;

  constructor(user: SimulatedUser) {
    this.user = user;
  }

  /** One request; true where an answer came and brought messages for the device. */
  async sync(): Promise<boolean> {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    try {
      const query = new URLSearchParams({ filter: FILTER, timeout: '0', use_state_after: 'true' });
      if (this.#since !== undefined) query.set('since', this.#since);
      const reply = await this.user.call('GET', `${at`/sync`}?${query}`);
      if (reply?.isOk !== true) return false;
      this.#since = reply.text('next_batch');
      return this.#apply(reply.body);
    } finally {
      this.#isBusy = false;
    }
  }

  #apply(body: Dict): boolean {
    // Who left and was asked back in between is told of the invite alone.
    for (const name of ['leave', 'invite', 'knock']) {
      for (const room of Object.keys(section(body, name))) this.rooms.delete(room);
    }
    for (const [id, room] of Object.entries(section(body, 'join'))) this.#applyRoom(id, room);
    const messages = list(dig(body, 'to_device', 'events'));
    for (const { sender, content } of messages) {
      this.received.push({ from: String(sender), number: Number(dig(content, 'number')) });
    }
    return messages.length > 0;
  }

  #applyRoom(id: string, room: unknown): void {
    const known = this.rooms.get(id) ?? new Map<string, string>();
    this.rooms.set(id, known);
    for (const event of list(dig(room, 'state_after', 'events'))) {
      known.set(`${String(event['type'])}|${String(event['state_key'])}`, String(event['event_id']));
    }
  }
}

function section(body: Dict, name: string): Dict {
  const rooms = dig(body, 'rooms', name);
  return isRecord(rooms) ? rooms : {};
}

function list(value: unknown): Dict[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** What a client knows of its rooms from `/sync` answers: the whole rule of how to apply one. */
import { dig, type Answer, type Dict, type User } from '../../harness/index.ts';

export interface Mode {
  readonly lazy: boolean;
  readonly stateAfter: boolean;
}

export interface ClientRoom {
  section: 'join' | 'invite' | 'knock';
  /** `type|key` → event id. */
  readonly state: Map<string, string>;
  timeline: string[];
  readonly accountData: Map<string, string>;
  readonly receipts: Map<string, string>;
  counts: string;
  summary: Dict;
}

type Section = Record<string, Dict>;

export class V3Client {
  readonly user: User;
  readonly mode: Mode;
  readonly limit: number;
  rooms = new Map<string, ClientRoom>();
  readonly accountData = new Map<string, string>();
  since: string | undefined;

  constructor(user: User, mode: Mode, limit: number) {
    this.user = user;
    this.mode = mode;
    this.limit = limit;
  }

  /** One request; its answer is applied. */
  async sync(timeoutMs = 0): Promise<Answer> {
    const room = { timeline: { limit: this.limit }, ...(this.mode.lazy && { state: { lazy_load_members: true } }) };
    const answer = await this.user.sync({
      filter: JSON.stringify({ room }),
      timeout: String(timeoutMs),
      ...(this.mode.stateAfter && { use_state_after: 'true' }),
      ...(this.since !== undefined && { since: this.since }),
    });
    this.#apply(answer);
    this.since = answer.text('next_batch');
    return answer;
  }

  #apply(answer: Answer): void {
    const section = (name: string): Section => (answer.get('rooms', name) ?? {}) as Section;
    for (const room of Object.keys(section('leave'))) this.rooms.delete(room);
    for (const name of ['invite', 'knock'] as const) {
      for (const room of Object.keys(section(name))) this.rooms.set(room, emptyRoom(name));
    }
    for (const [id, room] of Object.entries(section('join'))) this.#join(id, room);
    for (const { type, content } of events(answer.get('account_data', 'events'))) {
      this.accountData.set(type, JSON.stringify(content));
    }
  }

  #join(id: string, answer: Dict): void {
    const known = this.rooms.get(id);
    const room = known?.section === 'join' ? known : emptyRoom('join');
    this.rooms.set(id, room);
    const timeline = events(dig(answer, 'timeline', 'events'));
    const stateName = this.mode.stateAfter ? 'state_after' : 'state';
    const state = events(dig(answer, stateName, 'events'));
    for (const one of this.mode.stateAfter ? state : [...state, ...timeline]) {
      if (one.state_key !== undefined) room.state.set(`${one.type}|${one.state_key}`, one.event_id);
    }
    if (dig(answer, 'timeline', 'limited') === true) room.timeline = [];
    room.timeline.push(...timeline.map((one) => one.event_id));
    for (const { type, content } of events(dig(answer, 'account_data', 'events'))) {
      room.accountData.set(type, JSON.stringify(content));
    }
    for (const one of events(dig(answer, 'ephemeral', 'events')))
      if (one.type === 'm.receipt') receive(room, one.content);
    const counts = dig(answer, 'unread_notifications');
    if (counts !== undefined) room.counts = JSON.stringify(counts);
    room.summary = { ...room.summary, ...(dig(answer, 'summary') as Dict | undefined) };
  }
}

interface SyncEvent {
  readonly type: string;
  readonly state_key?: string;
  readonly event_id: string;
  readonly content: Dict;
}

function events(value: unknown): SyncEvent[] {
  return (value ?? []) as SyncEvent[];
}

function emptyRoom(section: ClientRoom['section']): ClientRoom {
  return {
    section,
    state: new Map(),
    timeline: [],
    accountData: new Map(),
    receipts: new Map(),
    counts: '',
    summary: {},
  };
}

/** Receipts replace those of the same user, type and thread. */
function receive(room: ClientRoom, content: Dict): void {
  for (const [event, types] of Object.entries(content as Record<string, Record<string, Record<string, Dict>>>)) {
    for (const [type, users] of Object.entries(types)) {
      for (const [user, one] of Object.entries(users)) {
        room.receipts.set(`${type} ${user} ${JSON.stringify(one['thread_id'])}`, event);
      }
    }
  }
}

/** What a client knows of its rooms from sliding sync, asked in either of the two dialects. */
import { type Answer, type Dict, dig, type User } from '../../harness/index.ts';

export interface SlidingMode {
  /** `msc4186`: everything in the body; `deployed`: `pos` in the query, pairs for the state, `ranges`. */
  readonly dialect: 'msc4186' | 'deployed';
  readonly lazy: boolean;
}

export interface SlidingRoom {
  membership: string;
  readonly state: Map<string, string>;
  timeline: string[];
  counts: string;
  facts: Dict;
  readonly receipts: Map<string, string>;
}

interface SyncEvent {
  readonly type: string;
  readonly state_key?: string;
  readonly event_id: string;
}

const PATHS = {
  deployed: '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync',
  msc4186: '/_matrix/client/v4/sync',
} as const;
const FACTS = ['name', 'joined_count', 'invited_count'] as const;

export class SlidingClient {
  readonly user: User;
  readonly mode: SlidingMode;
  readonly limit: number;
  readonly rooms = new Map<string, SlidingRoom>();
  readonly accountData = new Map<string, string>();
  pos: string | undefined;
  count = 0;

  constructor(user: User, mode: SlidingMode, limit: number) {
    this.user = user;
    this.mode = mode;
    this.limit = limit;
  }

  /** One request; its answer is applied. */
  async sync(timeoutMs = 0): Promise<Answer> {
    const { pos } = this;
    const old = this.mode.dialect === 'deployed';
    const query = new URLSearchParams({ timeout: String(timeoutMs), ...(pos !== undefined && { pos }) });
    const body = { ...this.#wish(), ...(!old && { timeout: timeoutMs, ...(pos !== undefined && { pos }) }) };
    const path = PATHS[this.mode.dialect] + (old ? `?${query}` : '');
    const answer = (await this.user.call('POST', path, body)).expect(200);
    this.#apply(answer);
    this.pos = answer.text('pos');
    return answer;
  }

  #wish(): Dict {
    const list = { timeline_limit: this.limit, required_state: this.#requiredState() };
    const on = { enabled: true };
    return {
      conn_id: 'main',
      lists: { all: this.mode.dialect === 'deployed' ? { ranges: [[0, 99]], ...list } : { range: [0, 99], ...list } },
      extensions: { account_data: on, receipts: on, typing: on, e2ee: on },
    };
  }

  #requiredState(): unknown {
    if (this.mode.dialect === 'deployed') {
      return this.mode.lazy
        ? [
            ['*', '*'],
            ['m.room.member', '$LAZY'],
          ]
        : [['*', '*']];
    }
    return { include: [{}], ...(this.mode.lazy && { lazy_members: true }) };
  }

  #apply(answer: Answer): void {
    this.count = answer.number('lists', 'all', 'count');
    for (const [id, one] of Object.entries(answer.object('rooms'))) this.#room(id, one as Dict);
    const data = (answer.get('extensions', 'account_data') ?? {}) as Dict;
    for (const { type, content } of (data['global'] ?? []) as { type: string; content: unknown }[]) {
      this.accountData.set(type, JSON.stringify(content));
    }
    const receipts = (dig(answer.body, 'extensions', 'receipts', 'rooms') ?? {}) as Record<string, Dict>;
    for (const [id, event] of Object.entries(receipts)) receive(this.rooms.get(id), event['content'] as Dict);
  }

  #room(id: string, one: Dict): void {
    const membership = one['membership'] as string;
    const known = one['initial'] === true ? undefined : this.rooms.get(id);
    const room = known ?? emptyRoom();
    room.membership = membership;
    if (membership === 'leave' || membership === 'ban') this.rooms.delete(id);
    else this.rooms.set(id, room);
    if (membership !== 'join') return;
    for (const event of (one['required_state'] ?? []) as SyncEvent[]) {
      room.state.set(`${event.type}|${event.state_key ?? ''}`, event.event_id);
    }
    if (one['limited'] === true || one['expanded_timeline'] === true) room.timeline = [];
    room.timeline.push(...((one['timeline'] ?? []) as SyncEvent[]).map((event) => event.event_id));
    room.counts = `${JSON.stringify(one['notification_count'])} ${JSON.stringify(one['highlight_count'])}`;
    for (const fact of FACTS) if (fact in one) room.facts = { ...room.facts, [fact]: one[fact] };
  }
}

function emptyRoom(): SlidingRoom {
  return { membership: '', state: new Map(), timeline: [], counts: '', facts: {}, receipts: new Map() };
}

function receive(room: SlidingRoom | undefined, content: Dict): void {
  for (const [event, types] of Object.entries(content as Record<string, Record<string, Record<string, Dict>>>)) {
    for (const [type, users] of Object.entries(types)) {
      for (const [user, one] of Object.entries(users)) {
        room?.receipts.set(`${type} ${user} ${JSON.stringify(one['thread_id'])}`, event);
      }
    }
  }
}

/** The state of a played room at one moment, as its servers tell it: after a join, and when they are asked. */
import { type StateKey, splitStateKey } from '../../matrix/events.ts';
import { type EventId, serverOf, type ServerName } from '../../matrix/ids.ts';
import { getString } from '../../matrix/json.ts';
import { authChainOf } from '../../rules/auth-chain/walk.ts';
import type { PlayedRoom } from './played-room.ts';

type State = ReadonlyMap<StateKey, EventId>;

/** Two lists of events, as they are sent. */
interface Lists {
  readonly state: readonly EventId[];
  readonly chain: readonly EventId[];
  readonly stateText: string;
  readonly chainText: string;
}

export class ToldState {
  readonly #room: PlayedRoom;
  readonly #state: State;
  /** Made when they are first asked for. */
  #whole: Lists | undefined;
  #withoutMembers: Lists | undefined;

  constructor(room: PlayedRoom, state: State) {
    this.#room = room;
    this.#state = new Map(state);
  }

  get whole(): Lists {
    return (this.#whole ??= this.#lists([...this.#state.values()]));
  }

  get withoutMembers(): Lists {
    const entries = [...this.#state].filter(([key]) => splitStateKey(key).type !== 'm.room.member');
    return (this.#withoutMembers ??= this.#lists(entries.map(([, id]) => id)));
  }

  #lists(state: readonly EventId[]): Lists {
    const chain = authChainOf(state, this.#room.authEventsOf) ?? new Set<EventId>();
    for (const id of state) chain.delete(id);
    return { state, chain: [...chain], stateText: this.#text(state), chainText: this.#text(chain) };
  }

  #text(ids: Iterable<EventId>): string {
    return `[${Array.from(ids, (id) => this.#room.textOf(id)).join(',')}]`;
  }

  /** The servers of the members who have joined. */
  #servers(): string[] {
    const servers = new Set<string>();
    for (const [key, id] of this.#state) {
      const { type, stateKey } = splitStateKey(key);
      const server = type === 'm.room.member' ? serverOf(stateKey) : undefined;
      if (server !== undefined && getString(this.#room.events.get(id)?.content, 'membership') === 'join') {
        servers.add(server);
      }
    }
    return [...servers];
  }

  /** The answer of `send_join`, for a join that follows this state. */
  joinAnswer(origin: ServerName, event: EventId, omitsMembers: boolean): string {
    const { stateText, chainText } = omitsMembers ? this.withoutMembers : this.whole;
    const omitted = omitsMembers ? `"members_omitted":true,"servers_in_room":${JSON.stringify(this.#servers())},` : '';
    const head = `{"event":${this.#room.textOf(event)},${omitted}"origin":${JSON.stringify(origin)}`;
    return `${head},"auth_chain":${chainText},"state":${stateText}}`;
  }

  /** The answer of `state`. */
  stateAnswer(): string {
    return `{"auth_chain":${this.whole.chainText},"pdus":${this.whole.stateText}}`;
  }

  /** The answer of `state_ids`. */
  idsAnswer(): string {
    const { state, chain } = this.whole;
    return JSON.stringify({ auth_chain_ids: chain, pdu_ids: state });
  }
}

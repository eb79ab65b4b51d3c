/** A walk through a space, depth first: every room once, so that spaces which hold each other end. */
import type { RoomId, ServerName } from '../../matrix/ids.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { ToldRoom } from '../directory/index.ts';
import { type Child, strippedChild } from './children.ts';
import { type ToldSpace, viaOf } from './told-space.ts';

export interface FoundRoom {
  readonly summary: JsonObject;
  /** In their order. */
  readonly children: readonly Child[];
  /** Where another server told of the room: what it told beside. */
  readonly told: ToldSpace | undefined;
}

export interface TreeWalkParts {
  readonly suggestedOnly: boolean;
  readonly depthMax: number;
  /** Rooms after which the walk ends. */
  readonly wanted: number;
  /** A room; `undefined` where the user may not know of it, `later` where it cannot be had now. */
  readonly find: (roomId: RoomId, via: readonly ServerName[]) => Promise<FoundRoom | 'later' | undefined>;
  /** A room of which another server has told with its parent; `ask` where that is not enough. */
  readonly findTold: (told: ToldRoom) => Promise<FoundRoom | 'ask' | undefined>;
}

interface Step {
  readonly roomId: RoomId;
  readonly via: readonly ServerName[];
  readonly depth: number;
  readonly told: ToldRoom | undefined;
}

/** Steps that wait at most: a space has no more children than that. */
const WAITING_MAX = 10_000;

export class TreeWalk {
  readonly #parts: TreeWalkParts;
  readonly #seen = new Set<RoomId>();

  constructor(parts: TreeWalkParts) {
    this.#parts = parts;
  }

  /** The rooms from the root on; `isWhole` where there are no more. */
  async run(root: RoomId): Promise<{ rooms: JsonObject[]; isWhole: boolean }> {
    const { wanted, depthMax } = this.#parts;
    const rooms: JsonObject[] = [];
    const stack: Step[] = [{ roomId: root, via: [], depth: 0, told: undefined }];
    for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
      if (rooms.length >= wanted) return { rooms, isWhole: false };
      if (this.#seen.has(step.roomId)) continue;
      this.#seen.add(step.roomId);
      const found = await this.#visit(step);
      if (found === 'later') return { rooms, isWhole: false };
      if (found === undefined) continue;
      const children = found.children.filter((child) => this.#isWanted(child));
      rooms.push({ ...found.summary, children_state: children.map(strippedChild) });
      if (step.depth >= depthMax || stack.length > WAITING_MAX) continue;
      for (const child of children.toReversed()) {
        if (found.told?.inaccessible.has(child.roomId) === true) continue;
        const told = found.told?.rooms.get(child.roomId);
        stack.push({ roomId: child.roomId, via: viaOf(child.content), depth: step.depth + 1, told });
      }
    }
    return { rooms, isWhole: true };
  }

  async #visit({ roomId, via, told }: Step): Promise<FoundRoom | 'later' | undefined> {
    const known = told === undefined ? 'ask' : await this.#parts.findTold(told);
    return known === 'ask' ? await this.#parts.find(roomId, via) : known;
  }

  #isWanted({ content }: Child): boolean {
    return !this.#parts.suggestedOnly || content['suggested'] === true;
  }
}

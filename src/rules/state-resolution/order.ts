/** The two orderings of state resolution v2: reverse topological power ordering and mainline ordering. */
import { Heap } from '../../lib/heap.ts';
import { compareCodePoints } from '../../matrix/canonical-json.ts';
import { createEventIdOf, type FetchEvent, type Pdu } from '../../matrix/events.ts';
import type { EventId } from '../../matrix/ids.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { PowerLevels } from '../auth/power-levels.ts';

/** Earlier timestamp first, then the lower event id. */
function compareByTime(left: Pdu, right: Pdu): number {
  return left.originServerTs - right.originServerTs || compareCodePoints(left.eventId, right.eventId);
}

function citedOfType(event: Pdu, type: string, fetchEvent: FetchEvent): Pdu | undefined {
  for (const id of event.authEvents) {
    const cited = fetchEvent(id);
    if (cited?.type === type && cited.stateKey === '') return cited;
  }
  return undefined;
}

/** The create event that an event stands on: cited, or behind the room id. */
export function createOf(event: Pdu, rules: RoomVersionRules, fetchEvent: FetchEvent): Pdu | undefined {
  if (!rules.roomIdIsCreateHash) return citedOfType(event, 'm.room.create', fetchEvent);
  const create = fetchEvent(createEventIdOf(event.roomId));
  return create?.type === 'm.room.create' ? create : undefined;
}

/** The sender's power level "when looking at their respective `auth_event`s". */
function senderLevel(event: Pdu, rules: RoomVersionRules, fetchEvent: FetchEvent): number {
  const levels = citedOfType(event, 'm.room.power_levels', fetchEvent);
  return new PowerLevels(levels, createOf(event, rules, fetchEvent), rules).powerLevelOf(event.sender);
}

/**
 * "The lexicographically smallest topological ordering based on the DAG formed by auth events", by Kahn's algorithm:
 * of the events whose auth events are all placed, the one with the greatest power comes next, then the earliest. Events
 * of a cycle, which only assigned event ids allow, are left out.
 */
export function sortByPower(events: ReadonlyMap<EventId, Pdu>, rules: RoomVersionRules, fetchEvent: FetchEvent): Pdu[] {
  interface Vertex {
    readonly event: Pdu;
    readonly level: number;
    waitsFor: number;
    readonly waiting: EventId[];
  }
  const vertices = new Map<EventId, Vertex>();
  for (const [id, event] of events) {
    vertices.set(id, { event, level: senderLevel(event, rules, fetchEvent), waitsFor: 0, waiting: [] });
  }
  for (const [id, vertex] of vertices) {
    for (const cited of new Set(vertex.event.authEvents)) {
      const below = vertices.get(cited);
      if (below === undefined) continue;
      vertex.waitsFor += 1;
      below.waiting.push(id);
    }
  }
  // Levels may be infinite, so they are compared, never subtracted.
  const ready = new Heap<Vertex>((left, right) => {
    if (left.level !== right.level) return left.level > right.level ? -1 : 1;
    return compareByTime(left.event, right.event);
  });
  for (const vertex of vertices.values()) if (vertex.waitsFor === 0) ready.push(vertex);
  const sorted: Pdu[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    sorted.push(next.event);
    for (const id of next.waiting) {
      const vertex = vertices.get(id);
      if (vertex === undefined) continue;
      vertex.waitsFor -= 1;
      if (vertex.waitsFor === 0) ready.push(vertex);
    }
  }
  return sorted;
}

/**
 * Mainline positions: 0 for what stands on the newest power levels, infinity for what stands on none of the mainline.
 */
class Mainline {
  readonly #positions = new Map<EventId, number>();
  readonly #fetchEvent: FetchEvent;

  constructor(powerLevels: Pdu | undefined, fetchEvent: FetchEvent) {
    this.#fetchEvent = fetchEvent;
    let index = 0;
    for (let event = powerLevels; event !== undefined && !this.#positions.has(event.eventId); index += 1) {
      this.#positions.set(event.eventId, index);
      event = citedOfType(event, 'm.room.power_levels', fetchEvent);
    }
  }

  /** "Find the smallest index *j* ≥ 1 for which *e_j* belongs to the mainline of *P*. … Otherwise set *i* = ∞." */
  positionOf(event: Pdu): number {
    const passed: EventId[] = [];
    const seen = new Set<EventId>();
    let position = Number.POSITIVE_INFINITY;
    let at = citedOfType(event, 'm.room.power_levels', this.#fetchEvent);
    while (at !== undefined && !seen.has(at.eventId)) {
      const known = this.#positions.get(at.eventId);
      if (known !== undefined) {
        position = known;
        break;
      }
      seen.add(at.eventId);
      passed.push(at.eventId);
      at = citedOfType(at, 'm.room.power_levels', this.#fetchEvent);
    }
    // Whatever stands on an event that was passed has the same position.
    for (const id of passed) this.#positions.set(id, position);
    return position;
  }
}

/** The mainline ordering of `events` based on a power levels event: oldest foundation first. */
export function sortByMainline(events: Iterable<Pdu>, powerLevels: Pdu | undefined, fetchEvent: FetchEvent): Pdu[] {
  const mainline = new Mainline(powerLevels, fetchEvent);
  const placed = Array.from(events, (event) => ({ event, position: mainline.positionOf(event) }));
  placed.sort((left, right) => {
    // "The mainline position of *x* is **greater** than the mainline position of *y*": x comes first.
    if (left.position !== right.position) return left.position > right.position ? -1 : 1;
    return compareByTime(left.event, right.event);
  });
  return placed.map(({ event }) => event);
}

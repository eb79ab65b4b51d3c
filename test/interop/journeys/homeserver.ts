/** What the journeys are told with: homeservers of any make, by what all of them have. */
import type { Person } from './person.ts';

export interface Homeserver {
  /** Its server name. */
  readonly name: string;
  /** Where its clients reach it. */
  readonly url: string;
  /** The newest of what it logged, for messages about failures. */
  readonly log: string;
  /** Makes an account whose name begins with `name`. */
  register(name: string): Promise<Person>;
  /** Stops it; its data stay. */
  pause(): Promise<void>;
  /** Starts it again, under the same name and URL. */
  resume(): Promise<void>;
  /** Stops it for good. */
  stop(): Promise<void>;
}

/** Two homeservers that can reach each other. */
export interface World {
  /** The one where rooms are made. */
  readonly host: Homeserver;
  readonly guest: Homeserver;
  /** The version of rooms that nothing else is said of. */
  readonly roomVersion: string;
}

export interface Journey {
  /** The first room version that has what it is about. */
  readonly since?: number;
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
  /** What a make of homeserver is known not to do as the guest. */
  readonly beyond?: { readonly make: string; readonly why: string };
}

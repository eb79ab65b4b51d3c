/** A homeserver of any make, as the journeys need it. */
import { randomBytes } from 'node:crypto';
import { Synapse } from '../synapse/synapse.ts';
import { Person } from './person.ts';

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
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
  /** What a make of homeserver is known not to do as the guest. */
  readonly beyond?: { readonly make: string; readonly why: string };
}

/** A localpart that nobody has yet. */
function newLocalpart(name: string): string {
  return `${name}-${randomBytes(4).toString('hex')}`;
}

export async function startSynapseHomeserver(): Promise<Homeserver> {
  const synapse = await Synapse.start();
  return {
    name: synapse.name,
    url: synapse.url,
    get log() {
      return synapse.log;
    },
    register: async (name) => {
      const localpart = newLocalpart(name);
      const password = `password of ${localpart}`;
      return new Person(synapse.url, await synapse.register(localpart, password), password);
    },
    pause: () => synapse.pause(),
    resume: () => synapse.resume(),
    stop: () => synapse.stop(),
  };
}

/** A line to the homeserver: what the typed calls send their requests over. */
import type { ClientEnvironment } from '../environment.ts';

/** What a line must know of a request to send it well. */
export interface RequestHints {
  /** Sent twice it does what it does once, so it may be tried over another route. */
  readonly isRepeatable: boolean;
  /** The server may hold the answer back for so long. */
  readonly waitMs?: number;
}

export interface Line {
  /** Where it leads to begin with, for what is kept of a sign-in. */
  readonly name: string;
  /** Rejects when no answer was to be had. */
  fetch(path: string, init: RequestInit, hints: RequestHints): Promise<Response>;
}

/** A line of one address. */
export function directLine(environment: ClientEnvironment, homeserver: string): Line {
  const name = homeserver.replace(/\/+$/, '');
  return { name, fetch: (path, init) => environment.fetch(name + path, init) };
}

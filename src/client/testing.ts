/** A client environment for tests and tools that run the core in Node; nothing of the app imports it. */
import type { ClientEnvironment } from './environment.ts';

interface HostGlobals {
  readonly fetch: ClientEnvironment['fetch'];
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown;
  readonly clearTimeout: (handle: unknown) => void;
  readonly Date: { now(): number };
}

const host = globalThis as unknown as HostGlobals;

/** The host's own clock, randomness and network, unless the test brings others. */
export function nodeEnvironment(overrides: Partial<ClientEnvironment> = {}): ClientEnvironment {
  return {
    fetch: (url, init) => host.fetch(url, init),
    nowMs: () => host.Date.now(),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        const handle = host.setTimeout(resolve, delayMs);
        signal?.addEventListener('abort', () => {
          host.clearTimeout(handle);
          resolve();
        });
      }),
    subtle: crypto.subtle,
    ...overrides,
  };
}

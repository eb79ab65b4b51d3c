/** The engine without a browser: memory stores, the crypto machine in memory, any server behind `fetch`. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openCrypto } from '../../src/client/crypto/open.ts';
import { startEngine, type RunningEngine } from '../../src/client/engine/engine.ts';
import type { TopicName, Topics } from '../../src/client/engine/contract.ts';
import type { Host, StoredSession } from '../../src/client/engine/host.ts';
import { openMemoryStore } from '../../src/client/store/memory.ts';
import type { Store } from '../../src/client/store/store.ts';
import { generateSealingKey } from '../../src/client/store/sealer.ts';
import { nodeEnvironment } from '../../src/client/testing.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A host that keeps everything in memory, across engines that are given the same one. */
export function memoryHost(fetch: Fetch | undefined, homeserver: string): Host {
  const environment = nodeEnvironment(fetch === undefined ? {} : { fetch });
  let session: StoredSession | undefined;
  let routes: unknown;
  const stores = new Map<string, Store>();
  const keys = new Map<string, CryptoKey>();
  return {
    environment,
    homeserver,
    loadSession: async () => session,
    saveSession: async (next) => void (session = next),
    clearSession: async () => void (session = undefined),
    loadRoutes: async () => routes,
    saveRoutes: async (next) => void (routes = structuredClone(next)),
    async openStore(name) {
      const store = stores.get(name) ?? openMemoryStore();
      stores.set(name, store);
      return store;
    },
    async sealingKey(name) {
      const key = keys.get(name) ?? (await generateSealingKey(environment));
      keys.set(name, key);
      return key;
    },
    openCrypto: (options) => openCrypto(options),
  };
}

/** A client in a test: the engine, and the newest value of what it watches. */
export class TestClient {
  readonly engine: RunningEngine;

  constructor(host: Host) {
    this.engine = startEngine(host);
  }

  get commands() {
    return this.engine.commands;
  }

  /** Resolves with the first value of a topic that the condition accepts. */
  until<T extends TopicName>(
    topic: T,
    argument: Topics[T]['argument'],
    accept: (value: Topics[T]['value']) => boolean,
  ): Promise<Topics[T]['value']> {
    return new Promise((resolve) => {
      const unwatch = this.engine.watch(topic, argument, (value) => {
        if (!accept(value)) return;
        queueMicrotask(() => unwatch());
        resolve(value);
      });
    });
  }

  /** The texts of a room's timeline, once they are what the condition wants. */
  async texts(roomId: string, accept: (texts: string[]) => boolean): Promise<string[]> {
    let texts: string[] = [];
    await this.until('timeline', roomId, ({ items }) => {
      texts = items.flatMap((item) => (item.body.kind === 'text' ? [item.body.text] : []));
      return accept(texts);
    });
    return texts;
  }

  async register(name: string, displayName: string, token = 'family'): Promise<void> {
    const request = { userName: name, password: `${name} password`, displayName, token, deviceName: 'test' };
    await this.commands.register(request);
  }
}

export { nextTurn };

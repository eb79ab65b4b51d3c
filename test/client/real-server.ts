/** Our own homeserver in this process, on a free port of loopback, with its data in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildWeb } from '../../tools/build-web.ts';
import { firstAccountLink } from '../../src/cli/compose/first-account.ts';
import { startServer } from '../../src/cli/compose/serve.ts';
import type { InviteFacts } from '../../src/server/admin/index.ts';
import { loadConfig } from '../../src/cli/config/load.ts';

export interface RealServer {
  readonly url: string;
  /** Registration token that any number of people may use. */
  readonly token: string;
  readonly firstLink: string;
  /** Makes an invite as `postern invite` does. */
  invite(): Promise<InviteFacts>;
  close(): Promise<void>;
}

const TOKEN = 'family';

/** Further keys of the configuration. */
type Flags = Readonly<Record<string, string>>;

/** Builds the web client, into a folder of its own, and starts a server that serves it. */
export async function startWithWeb(flags: Flags = {}): Promise<RealServer> {
  const webFolder = mkdtempSync(path.join(tmpdir(), 'postern-www-'));
  await buildWeb(webFolder, { compressed: false, single: false });
  const server = await startRealServer(webFolder, flags);
  return {
    ...server,
    async close() {
      await server.close();
      rmSync(webFolder, { recursive: true, force: true });
    },
  };
}

export async function startRealServer(webFolder?: string, flags: Flags = {}): Promise<RealServer> {
  const baseDir = mkdtempSync(path.join(tmpdir(), 'postern-client-'));
  const listeners = [{ address: '127.0.0.1', port: 0, apis: ['client', 'media', 'admin', 'web'] }];
  const { config } = loadConfig({
    file: undefined,
    workingDir: baseDir,
    environment: {},
    flags: {
      serverName: 'localhost',
      listeners: JSON.stringify(listeners),
      'registration.mode': 'invite',
      'passwords.cost': 'minimal',
      'log.level': 'error',
      'rateLimits.enabled': 'false',
      ...flags,
    },
  });
  const server = await startServer({ config, baseDir, environment: {}, ...(webFolder !== undefined && { webFolder }) });
  const { store, clock } = server.services.context;
  const link = await firstAccountLink(server.services);
  await store.transact((one) =>
    one.accounts.putRegistrationToken({
      token: TOKEN,
      createdAt: clock.now(),
      createdBy: undefined,
      usesMax: undefined,
      usesCompleted: 0,
      expiresAt: undefined,
      admin: false,
      rooms: [],
    }),
  );
  const url = `http://localhost:${server.listeners.ports[0]}`;
  return {
    url,
    token: TOKEN,
    invite: () => server.services.admin.run({ name: 'invite.create' }) as Promise<InviteFacts>,
    firstLink: `${url}/${new URL(link ?? url).hash}`,
    async close() {
      await server.close();
      rmSync(baseDir, { recursive: true, force: true });
    },
  };
}

/**
 * The owner's commands reach a running server through the socket in its data folder; where none runs, the services
 * are opened here for the time of the command, without listeners.
 */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { MatrixError } from '../../matrix/errors.ts';
import type { AdminCommand } from '../../server/admin/index.ts';
import type { Run } from '../command.ts';
import { configOf } from '../config-of.ts';
import { startServices } from './serve.ts';
import { SOCKET_NAME } from './socket-name.ts';

/** What a command answers is said by who sends it: `Admin.run` has one type for each. */
export type RunCommand = <T>(command: AdminCommand) => Promise<T>;

/** Gives `task` a way to run commands, and ends what was opened for it. */
export async function withAdmin<T>(run: Run, task: (runCommand: RunCommand) => Promise<T>): Promise<T> {
  const { config, baseDir, dataDir } = configOf(run);
  const socket = path.join(dataDir, SOCKET_NAME);
  if (existsSync(socket) && (await answers(socket))) return await task((command) => send(socket, command));
  const opened = await startServices({
    config: { ...config, log: { ...config.log, level: 'warn' } },
    baseDir,
    environment: run.environment,
  });
  try {
    return await task(<T>(command: AdminCommand) => opened.services.admin.run(command) as Promise<T>);
  } finally {
    await opened.close();
  }
}

async function answers(socket: string): Promise<boolean> {
  try {
    await send(socket, { name: 'invite.list' });
    return true;
  } catch (error) {
    // A socket that a killed server has left behind.
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
    throw error;
  }
}

function send<T>(socketPath: string, command: AdminCommand): Promise<T> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        method: 'POST',
        path: '/_postern/admin/v1/command',
        headers: { 'Content-Type': 'application/json' },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { result: T; error?: string };
          if (response.statusCode === 200) resolve(body.result);
          else reject(new MatrixError('M_UNKNOWN', body.error ?? 'The server refused the command'));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(command));
  });
}

/** The number of rows of every table: what a request that was refused must not change. */
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestServer } from '../../harness/index.ts';

/** Counted while the server is stopped: while it runs, the file is its own alone. */
export async function rowCounts(server: TestServer): Promise<Record<string, number>> {
  await server.stop();
  try {
    return countRows(server);
  } finally {
    await server.start();
  }
}

function countRows(server: TestServer): Record<string, number> {
  const database = new DatabaseSync(path.join(server.folder, 'postern.db'), { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all() as {
      name: string;
    }[];
    const counts = tables.map(({ name }) => {
      const row = database.prepare(`SELECT count(*) AS n FROM "${name}"`).get() as { n: number };
      return [name, row.n] as const;
    });
    return Object.fromEntries(counts);
  } finally {
    database.close();
  }
}

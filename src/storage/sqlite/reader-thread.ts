/** Entry of the reader thread: reads that would hold up the main thread. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { present } from '../../lib/assert.ts';
import type { SqlValue } from '../database.ts';
import { openReader } from './open-reader.ts';

export interface ReaderData {
  readonly path: string;
  readonly encryptionKey: string | undefined;
}

export interface ReadQuestion {
  readonly id: number;
  readonly text: string;
  readonly params: readonly SqlValue[];
}

/** The rows as one flat list, column after column, row after row; or why there are none. */
export interface ReadAnswer {
  readonly id: number;
  readonly columns: readonly string[];
  readonly values: readonly SqlValue[];
  readonly failed?: string;
}

async function main(port: MessagePort, data: ReaderData): Promise<void> {
  const reader = await openReader(data);
  const answer = ({ id, text, params }: ReadQuestion): ReadAnswer => {
    try {
      const rows = reader.allBound(text, params);
      const columns = Object.keys(rows[0] ?? {});
      return { id, columns, values: rows.flatMap((row) => columns.map((column) => row[column] ?? null)) };
    } catch (error) {
      return { id, columns: [], values: [], failed: String(error) };
    }
  };
  port.on('message', (question: ReadQuestion | 'close') => {
    if (question === 'close') {
      reader.close();
      port.close();
    } else {
      port.postMessage(answer(question));
    }
  });
}

await main(present(parentPort, 'the reader runs in a worker thread'), workerData as ReaderData);

import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperationError } from '../../matrix/errors.ts';

/**
 * Keeps a second process out of a data folder: a transaction on a small database of its own, held for as long as the
 * folder is in use. The lock is the operating system's, so it ends with the process, however that ends.
 */
export function lockFolder(folder: string): { release(): void } {
  const lock = new DatabaseSync(path.join(folder, 'lock.db'));
  try {
    lock.exec('PRAGMA journal_mode = MEMORY');
    lock.exec('PRAGMA busy_timeout = 0');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new OperationError('data-folder-in-use', { temporary: false, cause });
  }
  return {
    release: () => {
      lock.close();
    },
  };
}

import type { RoomId } from '../../matrix/ids.ts';
import type { BackupKey } from '../../server/keys/index.ts';

/** Keys of a backup as the API nests them: "rooms" → "sessions". */
export function backupAnswer(
  rooms: ReadonlyMap<RoomId, ReadonlyMap<string, BackupKey>>,
): Record<string, { sessions: Record<string, BackupKey> }> {
  return Object.fromEntries(
    [...rooms].map(([roomId, sessions]) => [roomId, { sessions: Object.fromEntries(sessions) }]),
  );
}

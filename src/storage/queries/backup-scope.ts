import type { BackupScope } from '../../ports/store/index.ts';

const OF_VERSION = 'FROM backup_keys WHERE user_id = ? AND version = ?';
const OF_ROOM = `${OF_VERSION} AND room_id = ?`;
const OF_SESSION = `${OF_ROOM} AND session_id = ?`;
const COLUMNS = 'SELECT room_id, session_id, first_message_index, forwarded_count, verified, session_data';

const TEXTS = {
  read: { version: `${COLUMNS} ${OF_VERSION}`, room: `${COLUMNS} ${OF_ROOM}`, session: `${COLUMNS} ${OF_SESSION}` },
  delete: { version: `DELETE ${OF_VERSION}`, room: `DELETE ${OF_ROOM}`, session: `DELETE ${OF_SESSION}` },
} as const;

/** The statement over the keys of a backup, of one of its rooms or of one session, with its parameters. */
export function backupScopeText(use: keyof typeof TEXTS, scope: BackupScope): { text: string; params: string[] } {
  const { user, version, roomId, sessionId } = scope;
  const texts = TEXTS[use];
  if (roomId === undefined) return { text: texts.version, params: [user, version] };
  if (sessionId === undefined) return { text: texts.room, params: [user, version, roomId] };
  return { text: texts.session, params: [user, version, roomId, sessionId] };
}

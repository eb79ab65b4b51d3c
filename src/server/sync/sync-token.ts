/** The `next_batch` of /sync: positions in the streams that an answer covers. */
import { MatrixError } from '../../matrix/errors.ts';

export interface SyncToken {
  /** Everything durable up to here has been answered. */
  readonly position: number;
  /** To-device messages up to here have been answered: behind `position` while there are more than one answer holds. */
  readonly toDevice: number;
  /** Serial numbers of what lives in memory, and the start of the process they belong to. */
  readonly typing: number;
  readonly presence: number;
  readonly epoch: string;
}

/** The text of a token: `s<position>_<to-device>_<typing>_<presence>_<epoch>`. */
export function formatSyncToken({ position, toDevice, typing, presence, epoch }: SyncToken): string {
  return `s${position}_${toDevice}_${typing}_${presence}_${epoch}`;
}

/**
 * Reads a token of /sync, or a pagination token in its place. Serial numbers of another start of the process count as
 * 0: everything in memory is new then. Throws `M_INVALID_PARAM`.
 */
export function parseSyncToken(text: string, epoch: string): SyncToken {
  const match = /^[st]([0-9]{1,15})(?:_([0-9]{1,15})_([0-9]{1,15})_([0-9]{1,15})_([0-9a-z]{1,16}))?$/.exec(text);
  if (match === null) throw new MatrixError('M_INVALID_PARAM', 'That is no sync token of this server');
  const [, position, toDevice, typing, presence, ofEpoch] = match;
  const same = ofEpoch === epoch;
  return {
    position: Number(position),
    toDevice: Number(toDevice ?? position),
    typing: same ? Number(typing) : 0,
    presence: same ? Number(presence) : 0,
    epoch,
  };
}

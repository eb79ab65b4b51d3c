import { MatrixError } from '../../matrix/errors.ts';
import type { UserId } from '../../matrix/ids.ts';
import type { JsonValue } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';

/** A user's whole profile, of this server or another. Throws `M_NOT_FOUND` for users that do not exist. */
export async function requireProfile({ accounts }: Services, user: UserId): Promise<ReadonlyMap<string, JsonValue>> {
  const profiles = accounts.isLocal(user) ? accounts.profiles : accounts.remoteProfiles;
  const profile = await profiles.find(user);
  if (profile === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such user');
  return profile;
}

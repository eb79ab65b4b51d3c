/** How the user is called and looks: what was kept at once, then what the server says. */
import { getUserProfile } from '../../matrix/api/client-server/getUserProfile.ts';
import type { Api } from '../api/call.ts';
import { asObject, asString, field } from '../json.ts';
import type { Store } from '../store/store.ts';

export interface Profile {
  readonly displayName?: string;
  readonly avatarUrl?: string;
}

function profileOf(displayName: string | undefined, avatarUrl: string | undefined): Profile {
  return { ...(displayName !== undefined && { displayName }), ...(avatarUrl !== undefined && { avatarUrl }) };
}

/** Tells the profile that is kept, and then that of the server, which is kept from then on. */
export async function loadProfile(
  account: { readonly store: Store; readonly api: Api; readonly userId: string },
  tell: (profile: Profile) => void,
): Promise<void> {
  const { store, api, userId } = account;
  const saved = asObject(await store.read(['meta'], (one) => one.find('meta', ['profile'])));
  if (saved !== undefined) tell(profileOf(asString(field(saved, 'displayName')), asString(field(saved, 'avatarUrl'))));
  const { displayname, avatar_url: avatarUrl } = await api.call(getUserProfile, { path: { userId } });
  const profile = profileOf(displayname, avatarUrl);
  tell(profile);
  await store.write(['meta'], async (one) => one.put('meta', ['profile'], profile));
}

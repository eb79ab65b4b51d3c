import { searchUserDirectory } from '../../matrix/api/client-server/searchUserDirectory.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function searchUserDirectoryRoute({ directory }: Services): ClientRoute {
  return clientRoute(
    searchUserDirectory,
    async ({ caller, body }) => {
      const { users, limited } = await directory.searchUsers(caller.user, body.search_term, body.limit ?? 10);
      const results = users.map(({ user, profile }) => ({
        user_id: user,
        ...(profile.displayName !== undefined && { display_name: profile.displayName }),
        ...(profile.avatarUrl !== undefined && { avatar_url: profile.avatarUrl }),
      }));
      return { results, limited };
    },
    { limit: 'read' },
  );
}

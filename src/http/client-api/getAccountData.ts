import { getAccountData } from '../../matrix/api/client-server/getAccountData.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireSelf } from './client-route.ts';

export function getAccountDataRoute({ accountData }: Services): ClientRoute {
  return clientRoute(getAccountData, async ({ caller, path }) => {
    const user = requireSelf(caller, path);
    const content = await accountData.find(user, undefined, path['type'] ?? '');
    if (content === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no such account data');
    return content;
  });
}

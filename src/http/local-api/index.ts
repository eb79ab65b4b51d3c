/** The API of the owner's command line, on the socket in the data folder. */
import { runAdminCommand } from '../../matrix/api/postern/runAdminCommand.ts';
import { type AdminCommand, isUserAction } from '../../server/admin/index.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Caller } from '../../server/accounts/index.ts';
import type { Services } from '../../server/services.ts';
import { type Route, route } from '../kit/route.ts';

const NAMES: ReadonlySet<string> = new Set([
  'user.create',
  'user.list',
  'user.reset-password',
  'invite.create',
  'invite.list',
  'invite.revoke',
  'routes.show',
  'routes.rotate',
]);

/** The routes, bound to the services. */
export function localRoutes({ admin }: Services): Route<Caller>[] {
  return [
    route(runAdminCommand, async ({ body }) => {
      if (!NAMES.has(body.name) && !isUserAction(body.name)) {
        throw new MatrixError('M_UNRECOGNIZED', 'There is no such command');
      }
      return { result: await admin.run(body as unknown as AdminCommand) };
    }),
  ];
}

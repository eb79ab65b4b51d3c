/** The one-time link that makes the first, administrator's, account. */
import type { RegistrationTokenRecord } from '../../ports/store/index.ts';
import type { Services } from '../../server/services.ts';

/** The link, the same at every start until it is used; `undefined` once there is an account. */
export async function firstAccountLink({ context, facts }: Services): Promise<string | undefined> {
  const { store, random, clock } = context;
  if ((await store.accounts.countAccounts()) > 0) return undefined;
  const open = (await store.accounts.listRegistrationTokens()).find((one) => one.admin && one.usesCompleted === 0);
  const token = open?.token ?? random.token(24);
  if (open === undefined) {
    const record: RegistrationTokenRecord = {
      token,
      createdAt: clock.now(),
      createdBy: undefined,
      usesMax: 1,
      usesCompleted: 0,
      expiresAt: undefined,
      admin: true,
      rooms: [],
    };
    await store.transact((one) => one.accounts.putRegistrationToken(record));
  }
  return `${facts.publicBaseUrl}/#/setup?token=${encodeURIComponent(token)}`;
}

/** The services over their ports: the one place that makes them. */
import type { Services, ServerFacts } from '../../server/services.ts';
import { AccountData } from '../../server/account-data/index.ts';
import { Accounts, type RegistrationMode } from '../../server/accounts/index.ts';
import type { Context } from '../../server/context.ts';
import { Devices } from '../../server/devices/index.ts';
import { Directory } from '../../server/directory/index.ts';
import { Lifecycle } from '../../server/lifecycle/index.ts';
import { Rooms } from '../../server/rooms/index.ts';
import { Reader, Surroundings, Timeline } from '../../server/timeline/index.ts';
import type { PasswordHasher, SigningKey } from '../../ports/crypto.ts';

export interface ServiceOptions {
  readonly facts: ServerFacts;
  readonly registration: RegistrationMode;
  readonly sharedSecret: string | undefined;
  readonly hasher: PasswordHasher;
  readonly signingKey: SigningKey;
}

/** Makes every service. */
export function createServices(context: Context, options: ServiceOptions): Services {
  const accounts = new Accounts(context, options);
  const devices = new Devices(context, accounts);
  const rooms = new Rooms(context);
  const timeline = new Timeline(context, rooms, options.signingKey);
  const reader = new Reader(context, rooms);
  return {
    context,
    facts: options.facts,
    accounts,
    devices,
    accountData: new AccountData(context),
    rooms,
    timeline,
    reader,
    surroundings: new Surroundings(context, rooms, reader),
    lifecycle: new Lifecycle({ context, accounts, rooms, timeline }),
    directory: new Directory(context, rooms),
  };
}

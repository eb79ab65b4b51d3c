/** The services over their ports: the one place that makes them. */
import type { Services, ServerFacts } from '../../server/services.ts';
import { AccountData } from '../../server/account-data/index.ts';
import { Accounts, type RegistrationMode } from '../../server/accounts/index.ts';
import { Admin } from '../../server/admin/index.ts';
import type { Context } from '../../server/context.ts';
import { Devices } from '../../server/devices/index.ts';
import { Directory } from '../../server/directory/index.ts';
import { Federation } from '../../server/federation/index.ts';
import { Keys } from '../../server/keys/index.ts';
import { Lifecycle } from '../../server/lifecycle/index.ts';
import { Media, type MediaOptions } from '../../server/media/index.ts';
import { Presence } from '../../server/presence/index.ts';
import { Peers, type PeersOptions } from '../../server/peers/index.ts';
import { PushRules } from '../../server/push-rules/index.ts';
import { Receipts } from '../../server/receipts/index.ts';
import { RemoteRooms } from '../../server/remote-rooms/index.ts';
import { Rooms } from '../../server/rooms/index.ts';
import { ServerRoutes, type RoutesOptions } from '../../server/routes/index.ts';
import { Spaces } from '../../server/spaces/index.ts';
import { Sync } from '../../server/sync/index.ts';
import { ToDevice } from '../../server/to-device/index.ts';
import { Typing } from '../../server/typing/index.ts';
import { Reader, Receiver, Surroundings, Timeline } from '../../server/timeline/index.ts';
import type { PasswordHasher, SigningKey } from '../../ports/crypto.ts';

export interface ServiceOptions {
  readonly facts: ServerFacts;
  readonly registration: RegistrationMode;
  readonly sharedSecret: string | undefined;
  readonly hasher: PasswordHasher;
  readonly signingKey: SigningKey;
  readonly peers: PeersOptions;
  /** `federation.retry` */
  readonly retry: { readonly initialMs: number; readonly maxMs: number };
  /** Whether other servers are told of typing and of presence. */
  readonly tells: { readonly typing: boolean; readonly presence: boolean };
  readonly presence: boolean;
  readonly media: MediaOptions;
  readonly routes: Omit<RoutesOptions, 'signingKey'>;
}

/** Makes every service. */
export function createServices(context: Context, options: ServiceOptions): Services {
  const peers = new Peers(context, options.peers);
  const accounts = new Accounts(context, peers, options);
  const devices = new Devices(context, accounts);
  const rooms = new Rooms(context);
  const timeline = new Timeline(context, rooms, { signingKey: options.signingKey, peers });
  const receiver = new Receiver(context, rooms, { ensureKeys: (wanted) => peers.ensureKeys(wanted), own: timeline });
  const remoteRooms = new RemoteRooms({ context, peers, rooms, timeline, receiver });
  const reader = new Reader(context, rooms, remoteRooms);
  const lifecycle = new Lifecycle({ context, accounts, rooms, timeline, remoteRooms, peers });
  const accountData = new AccountData(context);
  const keys = new Keys(context, peers);
  const toDevice = new ToDevice(context, peers);
  const typing = new Typing(context, rooms);
  const presence = new Presence(context, options.presence);
  const receipts = new Receipts(context, rooms, accountData);
  const pushRules = new PushRules(context, accountData);
  const { facts, signingKey } = options;
  const routes = new ServerRoutes(context, accountData, { ...options.routes, signingKey });
  return {
    context,
    facts,
    peers,
    federation: new Federation({
      context,
      accounts,
      peers,
      rooms,
      timeline,
      receiver,
      remoteRooms,
      retry: options.retry,
      tells: options.tells,
      toDevice,
      typing,
      receipts,
      presence,
      keys,
    }),
    accounts,
    devices,
    accountData,
    rooms,
    timeline,
    reader,
    surroundings: new Surroundings(context, rooms, reader),
    lifecycle,
    routes,
    admin: new Admin({ context, accounts, devices, lifecycle, routes, publicBaseUrl: facts.publicBaseUrl }),
    directory: new Directory(context, { rooms, peers }),
    keys,
    typing,
    presence,
    pushRules,
    receipts,
    toDevice,
    media: new Media(context, peers, options.media),
    spaces: new Spaces({ context, rooms, peers }),
    sync: new Sync({ context, rooms, presenter: reader.presenter, keys, typing, presence, pushRules, accountData }),
  };
}

/** Every service that HTTP handlers call, in one object. `cli/compose` makes it. */
import type { AccountData } from './account-data/index.ts';
import type { Accounts } from './accounts/index.ts';
import type { Admin } from './admin/index.ts';
import type { Context } from './context.ts';
import type { Devices } from './devices/index.ts';
import type { Directory } from './directory/index.ts';
import type { Federation } from './federation/index.ts';
import type { Keys } from './keys/index.ts';
import type { Lifecycle } from './lifecycle/index.ts';
import type { Media } from './media/index.ts';
import type { Peers } from './peers/index.ts';
import type { Presence } from './presence/index.ts';
import type { PushRules } from './push-rules/index.ts';
import type { Receipts } from './receipts/index.ts';
import type { Rooms } from './rooms/index.ts';
import type { ServerRoutes } from './routes/index.ts';
import type { Spaces } from './spaces/index.ts';
import type { Sync } from './sync/index.ts';
import type { ToDevice } from './to-device/index.ts';
import type { Typing } from './typing/index.ts';
import type { Reader, Surroundings, Timeline } from './timeline/index.ts';

export interface ServerFacts {
  /** The URL under which clients reach this server, without a slash at its end. */
  readonly publicBaseUrl: string;
  readonly defaultRoomVersion: string;
  readonly maxUploadBytes: number;
  /** What `/.well-known/matrix/server` says; `undefined` where it says nothing. */
  readonly federationName: string | undefined;
  /** The version of the program. */
  readonly version: string;
}

export interface Services {
  readonly context: Context;
  readonly facts: ServerFacts;
  readonly peers: Peers;
  readonly federation: Federation;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly accountData: AccountData;
  readonly rooms: Rooms;
  readonly timeline: Timeline;
  readonly reader: Reader;
  readonly surroundings: Surroundings;
  readonly lifecycle: Lifecycle;
  readonly directory: Directory;
  readonly keys: Keys;
  readonly receipts: Receipts;
  readonly typing: Typing;
  readonly presence: Presence;
  readonly toDevice: ToDevice;
  readonly pushRules: PushRules;
  readonly spaces: Spaces;
  readonly sync: Sync;
  readonly media: Media;
  readonly routes: ServerRoutes;
  readonly admin: Admin;
}

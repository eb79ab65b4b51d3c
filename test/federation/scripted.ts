/** One of our servers and a scripted one that says whatever a test wants, with a room in which both have users. */
import { after, before } from 'node:test';
import type { JsonObject } from '../../src/matrix/json.ts';
import { type User, v3 } from '../harness/index.ts';
import { TestNetwork } from '../harness/network.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import type { TestServer } from '../harness/server.ts';
import { untilTrue } from './until.ts';

const HERE = 'alpha.test';

/** The type of an EDU and its content. */
export type Edu = readonly [string, JsonObject];

export interface Scripted {
  readonly server: TestServer;
  readonly remote: RemoteServer;
  /** A third server, which says nothing wrong. */
  readonly bystander: RemoteServer;
}

/** Started before the tests of a file, stopped after them. */
export function useScripted(config: Readonly<Record<string, unknown>> = {}): Scripted {
  const network = new TestNetwork();
  const parts = {} as { server: TestServer; remote: RemoteServer; bystander: RemoteServer };
  before(async () => {
    parts.remote = await network.startRemote('remote.test');
    parts.bystander = await network.startRemote('other.test');
    parts.server = network.server(HERE, { config });
    await parts.server.start();
  });
  after(async () => {
    await parts.server.finish();
    await parts.remote.stop();
    await parts.bystander.stop();
  });
  return parts;
}

/** A room of the scripted server, made by `creator` there, which a user of ours has joined. */
export async function sharedRoom({ remote }: Scripted, creator: string, user: User): Promise<RemoteRoom> {
  const room = remote.createRoom({ version: '12', creator });
  await remote.deliver(room, room.setState(creator, 'm.room.join_rules', { join_rule: 'public' }));
  await user.ok('POST', `${v3`/join/${room.roomId}`}?via=${remote.name}`, {});
  return room;
}

/** A user of the third server who has joined a room, which a user of ours sees. */
export async function bystanderIn({ bystander, remote }: Scripted, room: RemoteRoom, seenBy: User): Promise<string> {
  const user = bystander.user(`by${bystander.users.size}`);
  await bystander.joinRemote({ destination: remote.name, roomId: room.roomId, user, api: 2 });
  await untilTrue(seenBy, async () => {
    const members = await seenBy.ok('GET', v3`/rooms/${room.roomId}/joined_members`);
    return Object.hasOwn(members.get('joined') as object, user);
  });
  return user;
}

/** Sends EDUs to our server, each as its type and content. */
export async function sendEdus({ remote }: Scripted, ...edus: readonly Edu[]): Promise<void> {
  await remote.send(HERE, { edus: edus.map(([edu_type, content]) => ({ edu_type, content })) });
}

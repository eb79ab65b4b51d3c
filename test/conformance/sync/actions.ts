/** Random things that users do, from a seed. */
import { isRecord, type User, v3 } from '../../harness/index.ts';

/** A small generator (mulberry32): the same seed makes the same run. */
export class Seeded {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }
}

export interface World {
  readonly users: readonly User[];
  readonly rooms: string[];
  /** Recent events of each room. */
  readonly events: Map<string, string[]>;
  readonly random: Seeded;
  /** What was done, for the message of a failure. */
  readonly log: string[];
}

type Act = (world: World, user: User, room: string) => Promise<void>;

function note(world: World, room: string, answer: unknown): void {
  if (!isRecord(answer) || typeof answer['event_id'] !== 'string') return;
  const list = world.events.get(room) ?? [];
  list.push(answer['event_id']);
  world.events.set(room, list.slice(-20));
}

const target = (world: World): string => world.random.pick(world.users).id;

const membership =
  (action: string): Act =>
  async (world, user, room) => {
    await user.call('POST', v3`/rooms/${room}/${action}`, { user_id: target(world) });
  };

const own =
  (action: string): Act =>
  async (_world, user, room) => {
    await user.call('POST', v3`/rooms/${room}/${action}`, {});
  };

async function send(world: World, user: User, room: string): Promise<void> {
  const mention = world.random.below(5) === 0 ? { 'm.mentions': { user_ids: [target(world)] } } : {};
  const body = { msgtype: 'm.text', body: `m${world.random.below(1000)}`, ...mention };
  const answer = await user.call('PUT', v3`/rooms/${room}/send/m.room.message/${user.nextTransaction()}`, body);
  note(world, room, answer.body);
}

async function threaded(world: World, user: User, room: string): Promise<void> {
  const root = world.events.get(room)?.at(0);
  if (root === undefined) return;
  const relation = { rel_type: 'm.thread', event_id: root };
  const body = { msgtype: 'm.text', body: 'in a thread', 'm.relates_to': relation };
  await user.call('PUT', v3`/rooms/${room}/send/m.room.message/${user.nextTransaction()}`, body);
}

async function state(world: World, user: User, room: string): Promise<void> {
  const [type, content] = world.random.pick([
    ['m.room.name', { name: `n${world.random.below(100)}` }],
    ['m.room.topic', { topic: `t${world.random.below(100)}` }],
    ['org.example.state', { value: world.random.below(100) }],
    ['m.room.join_rules', { join_rule: world.random.pick(['public', 'invite', 'knock']) }],
  ] as const);
  await user.call('PUT', v3`/rooms/${room}/state/${type}/`, content);
}

async function redact(world: World, user: User, room: string): Promise<void> {
  const events = world.events.get(room) ?? [];
  if (events.length === 0) return;
  await user.call('PUT', v3`/rooms/${room}/redact/${world.random.pick(events)}/${user.nextTransaction()}`, {});
}

async function receipt(world: World, user: User, room: string): Promise<void> {
  const events = world.events.get(room) ?? [];
  if (events.length === 0) return;
  const type = world.random.pick(['m.read', 'm.read.private', 'm.fully_read']);
  await user.call('POST', v3`/rooms/${room}/receipt/${type}/${world.random.pick(events)}`, {});
}

async function createRoom(world: World, user: User): Promise<void> {
  if (world.rooms.length >= 8) return;
  const preset = world.random.pick(['public_chat', 'private_chat']);
  const version = world.random.pick(['10', '11', '12']);
  const invite = [target(world)].filter((one) => one !== user.id);
  const answer = await user.call('POST', v3`/createRoom`, { preset, room_version: version, invite });
  if (answer.status === 200) world.rooms.push(answer.text('room_id'));
}

async function data(world: World, user: User, room: string): Promise<void> {
  const value = { value: world.random.below(100) };
  await user.call('PUT', v3`/user/${user.id}/rooms/${room}/account_data/org.example.data`, value);
  await user.call('PUT', v3`/user/${user.id}/account_data/org.example.global`, value);
}

async function tag(world: World, user: User, room: string): Promise<void> {
  const path = v3`/user/${user.id}/rooms/${room}/tags/u.tag`;
  if (world.random.below(2) === 0) await user.call('PUT', path, { order: 0.5 });
  else await user.call('DELETE', path);
}

async function profile(world: World, user: User): Promise<void> {
  const displayname = `name ${world.random.below(50)}`;
  await user.call('PUT', v3`/profile/${user.id}/displayname`, { displayname });
}

const ACTS: readonly (readonly [number, string, Act])[] = [
  [24, 'send', send],
  [4, 'threaded', threaded],
  [6, 'state', state],
  [10, 'join', own('join')],
  [5, 'leave', own('leave')],
  [2, 'forget', own('forget')],
  [9, 'invite', membership('invite')],
  [3, 'kick', membership('kick')],
  [2, 'ban', membership('ban')],
  [3, 'unban', membership('unban')],
  [2, 'knock', async (_world, user, room) => void (await user.call('POST', v3`/knock/${room}`, {}))],
  [3, 'redact', redact],
  [6, 'receipt', receipt],
  [4, 'createRoom', createRoom],
  [3, 'data', data],
  [2, 'tag', tag],
  [1, 'profile', profile],
];

const TOTAL = ACTS.reduce((sum, [weight]) => sum + weight, 0);

/** Does one thing. */
export async function act(world: World): Promise<void> {
  const { random } = world;
  const user = random.pick(world.users);
  const room = random.pick(world.rooms);
  let left = random.below(TOTAL);
  for (const [weight, name, run] of ACTS) {
    left -= weight;
    if (left >= 0) continue;
    world.log.push(`${name} by ${user.id} in ${world.rooms.indexOf(room)}`);
    await run(world, user, room);
    return;
  }
}

/** Users in two rooms, ready for anything. */
export async function makeWorld(users: readonly User[], seed: number): Promise<World> {
  const [first] = users;
  if (first === undefined) throw new Error('a world needs users');
  const rooms = [await first.createRoom({ preset: 'public_chat' }), await first.createRoom({ room_version: '11' })];
  for (const user of users.slice(1)) await user.join(rooms[0] ?? '');
  return { users, rooms, events: new Map(), random: new Seeded(seed), log: [] };
}

/** Waits for what goes on behind an answer: the spreading of a new profile over the rooms. */
export async function settle(world: World): Promise<void> {
  for (const user of world.users) {
    const name = (await user.call('GET', v3`/profile/${user.id}`)).get('displayname');
    const rooms = (await user.ok('GET', v3`/joined_rooms`)).texts('joined_rooms');
    for (const room of rooms) {
      const path = v3`/rooms/${room}/state/m.room.member/${user.id}`;
      for (let turns = 0; turns < 200; turns += 1) {
        const member = await user.call('GET', path);
        if (member.status !== 200 || member.get('displayname') === name) break;
      }
    }
  }
}

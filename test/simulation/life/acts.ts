/** What users do. Whether it is allowed is their server's business. */
import type { Life } from './life.ts';
import { at, type Dict, type Method, type Reply, type SimulatedUser } from '../world/user.ts';

type Act = (life: Life, user: SimulatedUser) => Promise<void>;

/** How often a client repeats what was not answered, and how long it waits between. */
const ATTEMPTS = 40;
const PAUSE_MS = 1_500;

/** Repeats a request, the same each time, until it is answered. */
export async function persist(
  life: Life,
  user: SimulatedUser,
  [method, target, body]: readonly [Method, string, Dict],
): Promise<Reply | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const reply = await user.call(method, target, body);
    if (reply !== undefined && reply.status < 500) return reply;
    await life.world.pause(PAUSE_MS);
  }
  return undefined;
}

/** Keeps the id of an event that was taken. */
export function acknowledge(life: Life, user: SimulatedUser, reply: Reply | undefined): void {
  if (reply?.isOk !== true) return;
  const eventId = reply.text('event_id');
  life.ledger.acknowledge(user.server, eventId, life.world.scheduler.nowMs);
  life.world.note(`${user.id}: ${eventId}`);
}

/** Sends a message to the room. */
export const send: Act = async (life, user) => {
  const body = { msgtype: 'm.text', body: life.ledger.nextText() };
  const target = at`/rooms/${life.room}/send/m.room.message/${user.nextTransaction()}`;
  acknowledge(life, user, await persist(life, user, ['PUT', target, body]));
};

/** Sets a state without a state key. */
export const setState =
  (type: string, content: (life: Life) => Dict): Act =>
  async (life, user) => {
    const target = at`/rooms/${life.room}/state/${type}/`;
    acknowledge(life, user, await persist(life, user, ['PUT', target, content(life)]));
  };

/** Levels that somebody gives: mostly as they were, for those who are not the creator. */
function levels({ world, version }: Life): Dict {
  const users: Dict = {};
  for (const [index, user] of world.users.entries()) {
    // In room version 12 the creator stands above every number, and may not be listed.
    if (index > 0) users[user.id] = world.random.pick([0, 50, 50, 100]);
    else if (version !== '12') users[user.id] = 100;
  }
  return { users, users_default: world.random.pick([0, 0, 50]), state_default: world.random.pick([0, 50, 50]) };
}

const onOther =
  (action: 'kick' | 'ban' | 'unban' | 'invite'): Act =>
  async (life, user) => {
    const other = life.world.random.pick(life.world.users);
    const body = { user_id: other.id };
    await user.call('POST', at`/rooms/${life.room}/` + action, body);
  };

const leave: Act = async (life, user) => {
  await user.call('POST', at`/rooms/${life.room}/leave`, {});
};

const enter =
  (how: 'join' | 'knock'): Act =>
  async (life, user) => {
    const { random, servers } = life.world;
    const via = [random.pick(servers).name, random.pick(servers).name];
    const query = new URLSearchParams(via.map((name) => ['via', name]));
    await user.call('POST', `${at`/`}${how}/${encodeURIComponent(life.room)}?${query}`, {});
  };

const redact: Act = async (life, user) => {
  const { events } = life.ledger;
  if (events.length === 0) return;
  const target = life.world.random.pick(events).eventId;
  const path = at`/rooms/${life.room}/redact/${target}/${user.nextTransaction()}`;
  acknowledge(life, user, await persist(life, user, ['PUT', path, {}]));
};

/** Sends a message from a user's device to another's. */
export async function tellDevice(life: Life, user: SimulatedUser, other: SimulatedUser): Promise<void> {
  const message = life.ledger.messageOf(user, other);
  const body = { messages: { [other.id]: { [other.device]: { number: message.number } } } };
  const reply = await persist(life, user, ['PUT', at`/sendToDevice/sim.message/${user.nextTransaction()}`, body]);
  if (reply?.isOk === true) message.isAcknowledged = true;
}

const toDevice: Act = async (life, user) => {
  await tellDevice(life, user, life.world.random.pick(life.world.users));
};

const receipt: Act = async (life, user) => {
  const event = life.ledger.events.at(-1);
  if (event === undefined) return;
  await user.call('POST', at`/rooms/${life.room}/receipt/m.read/${event.eventId}`, {});
};

const type: Act = async (life, user) => {
  await user.call('PUT', at`/rooms/${life.room}/typing/${user.id}`, { typing: true, timeout: 10_000 });
};

const newKeys: Act = async (life, user) => {
  await persist(life, user, ['POST', at`/keys/upload`, { device_keys: life.deviceKeys(user) }]);
};

const queryKeys: Act = async (life, user) => {
  await user.call('POST', at`/keys/query`, { device_keys: { [life.world.random.pick(life.world.users).id]: [] } });
};

const sync: Act = async (life, user) => {
  await life.clientOf(user).sync();
};

type Row = readonly [weight: number, name: string, act: Act];

const PEACEFUL: readonly Row[] = [
  [40, 'send', send],
  [6, 'topic', setState('m.room.topic', ({ world }) => ({ topic: `topic ${world.random.below(1000)}` }))],
  [5, 'name', setState('m.room.name', ({ world }) => ({ name: `name ${world.random.below(1000)}` }))],
  [5, 'join', enter('join')],
  [3, 'redact', redact],
  [12, 'to-device', toDevice],
  [3, 'receipt', receipt],
  [2, 'typing', type],
  [3, 'new keys', newKeys],
  [2, 'query keys', queryKeys],
  [10, 'sync', sync],
];

const QUARRELSOME: readonly Row[] = [
  ...PEACEFUL,
  [8, 'power levels', setState('m.room.power_levels', levels)],
  [4, 'join rules', setState('m.room.join_rules', ({ world }) => ({ join_rule: world.random.pick(RULES) }))],
  [5, 'kick', onOther('kick')],
  [4, 'ban', onOther('ban')],
  [5, 'unban', onOther('unban')],
  [5, 'invite', onOther('invite')],
  [4, 'leave', leave],
  [6, 'join', enter('join')],
  [2, 'knock', enter('knock')],
];

const RULES = ['public', 'public', 'invite', 'knock'];

/** One thing that a user may do. */
export function chooseAct({ world, isPeaceful }: Life): { readonly name: string; readonly act: Act } {
  const rows = isPeaceful ? PEACEFUL : QUARRELSOME;
  let left = world.random.below(rows.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, name, act] of rows) {
    if (left < weight) return { name, act };
    left -= weight;
  }
  throw new Error('the weights are those that were summed');
}

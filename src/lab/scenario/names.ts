/** The name service of the lab for a layout: authorities abroad and inside, a resolver at the provider, hosts entries. */
import type { Lab } from '../network/lab.ts';
import type { Layout } from './layouts.ts';

const TTL_SECONDS = 60;

/** Tells every name server what holds for this layout; forgets what was remembered. */
export async function setNames(lab: Lab, layout: Layout, options: { readonly zoneAbroad: boolean }): Promise<void> {
  const { by, name, host } = layout.naming;
  const own = by === 'dns' ? [{ name, addresses: lab.host(host).addresses }] : [];
  const friends = { name: layout.friends.serverName, addresses: lab.host(layout.friends.host).addresses };
  const zone = layout.own === layout.friends ? own : [...own, friends];
  const isInside = layout.zoneAt === 'cn' && !options.zoneAbroad;
  const abroad = lab.host('dns').addresses[0] ?? '';
  const inside = lab.host('dns-cn').addresses[0] ?? '';
  await lab.host('dns').nameServer({ zone, forward: [], ttlSeconds: TTL_SECONDS });
  await lab.host('dns-cn').nameServer({ zone: own, forward: [], ttlSeconds: TTL_SECONDS });
  const below = [...own.map((one) => ({ below: one.name, address: isInside ? inside : abroad }))];
  const forward = [...below, { below: '', address: abroad }];
  await lab.host('resolver').nameServer({ zone: [], forward, ttlSeconds: TTL_SECONDS });
  const resolver = lab.host('resolver').addresses[0] ?? '';
  for (const user of ['alice', 'ann', 'home', 'cloud']) lab.host(user).resolvConf(`nameserver ${resolver}\n`);
  for (const user of ['abroad', 'bob']) lab.host(user).resolvConf(`nameserver ${abroad}\n`);
  const entry = { name, address: lab.host(host).addresses[0] ?? '' };
  for (const user of ['alice', 'ann']) lab.host(user).hosts(by === 'hosts' ? [entry] : []);
}

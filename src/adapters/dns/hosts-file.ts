/** The system's hosts file, which the resolvers of `node:dns` do not read. */
import { isIP } from 'node:net';

/** Name in lower case → addresses, in the order of the lines; "localhost" is always known (RFC 6761). */
export function readHostsFile(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const before = found.get(key);
      if (before === undefined) found.set(key, [address]);
      else if (!before.includes(address)) before.push(address);
    }
  }
  if (!found.has('localhost')) found.set('localhost', ['127.0.0.1', '::1']);
  return found;
}

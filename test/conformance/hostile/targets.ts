/** Every implemented operation with a request that would be in order. */
import { adminRoutes } from '../../../src/http/admin-api/index.ts';
import { clientRoutes } from '../../../src/http/client-api/index.ts';
import { mediaRoutes } from '../../../src/http/media-api/index.ts';
import type { Endpoint } from '../../../src/matrix/api/declare.ts';
import { type Dict, isRecord, type TestServer, type User } from '../../harness/index.ts';

export interface Target {
  readonly endpoint: Endpoint;
  /** Values of the path's parameters, not encoded. */
  readonly parameters: ReadonlyMap<string, string>;
  /** What the operation asks for and no more: so what is changed in it is what is judged. */
  readonly body: Dict | undefined;
  /** Every property that it knows. */
  readonly full: Dict;
}

export interface Scene {
  readonly user: User;
  readonly room: string;
  readonly event: string;
}

/** A user with a room and an event in it. */
export async function makeScene(server: TestServer): Promise<Scene> {
  const user = await server.register('target');
  const room = await user.createRoom({ preset: 'public_chat' });
  return { user, room, event: await user.send(room) };
}

/** The declarations of everything that is served. */
export function endpoints(server: TestServer): Endpoint[] {
  const { services } = server.running;
  const routes = [...clientRoutes(services), ...mediaRoutes(services), ...adminRoutes(services)];
  return routes.map((one) => one.endpoint);
}

export function targetOf(endpoint: Endpoint, scene: Scene): Target {
  const names = endpoint.path.split('/').filter((one) => one.startsWith('{'));
  const parameters = new Map(names.map((one) => [one.slice(1, -1), valueOf(one.slice(1, -1), scene)]));
  const full = (endpoint.body === undefined ? {} : sample(endpoint.body, scene)) as Dict;
  const required = new Set((endpoint.body as { required?: string[] } | undefined)?.required);
  const needed = Object.fromEntries(Object.entries(full).filter(([name]) => required.has(name)));
  return { endpoint, parameters, full, body: endpoint.body === undefined ? undefined : needed };
}

function valueOf(name: string, { user, room, event }: Scene): string {
  const values: Record<string, string> = {
    roomId: room,
    roomIdOrAlias: room,
    userId: user.id,
    eventId: event,
    eventType: 'm.room.message',
    deviceId: 'OTHER',
    roomAlias: '#hostile:test.example',
    kind: 'override',
    receiptType: 'm.read',
    serverName: 'test.example',
    keyName: 'displayname',
  };
  return values[name] ?? 'x1';
}

/** The path with its parameters; `changed` are already encoded. */
export function pathOf({ endpoint, parameters }: Target, changed: ReadonlyMap<string, string> = new Map()): string {
  return endpoint.path
    .split('/')
    .map((one) => {
      if (!one.startsWith('{')) return one;
      const name = one.slice(1, -1);
      return changed.get(name) ?? encodeURIComponent(parameters.get(name) ?? '');
    })
    .join('/');
}

const textsOf = ({ user, room, event }: Scene): Record<string, string> => ({
  user_id: user.id,
  room_id: room,
  room_version: '12',
  new_version: '12',
  'm.fully_read': event,
  'm.read': event,
  'm.read.private': event,
});

/** A value that fits a TypeBox schema: every property, optional ones too. */
function sample(schema: unknown, scene: Scene, name = ''): unknown {
  if (!isRecord(schema)) return {};
  const choices = (schema['enum'] ?? schema['anyOf']) as unknown[] | undefined;
  if (Array.isArray(schema['enum'])) return choices?.[0];
  if (choices !== undefined) return sample(choices[0], scene, name);
  switch (schema['type']) {
    case 'string':
      return textsOf(scene)[name] ?? 'text';
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'array':
      return [sample(schema['items'], scene)];
    case 'object':
      return sampleObject(schema, scene);
    default:
      return {};
  }
}

function sampleObject(schema: Dict, scene: Scene): Dict {
  const properties = Object.entries((schema['properties'] ?? {}) as Dict);
  return Object.fromEntries(properties.map(([name, one]) => [name, sample(one, scene, name)]));
}

/** Keys, also of others, and what tells how to reach the server. */
import { getObject, type JsonObject } from '../../../../src/matrix/json.ts';
import { signJson } from '../../../../src/rules/signatures/sign.ts';
import type { RemoteServer } from '../../remote-server.ts';
import { bodyOf, ok, param, Refusal } from '../requests.ts';
import type { Handler } from './handler.ts';

/** "The notary server must sign the keys returned by the queried servers." */
async function notarise(server: RemoteServer, names: readonly string[]): Promise<JsonObject> {
  const found: JsonObject[] = [];
  for (const name of names) {
    const document = name === server.name ? server.keyDocument() : await server.findKeyDocument(name);
    if (document !== undefined) found.push(name === server.name ? document : signJson(document, server.key));
  }
  return { server_keys: found };
}

export const getWellKnown: Handler = (server) => {
  if (server.delegatedTo === undefined) throw new Refusal(404, 'M_NOT_FOUND', 'No delegation');
  return ok({ 'm.server': server.delegatedTo });
};

export const getVersion: Handler = () => ok({ server: { name: 'Scripted server', version: '1' } });

export const getServerKey: Handler = (server) => ok(server.keyDocument());

export const perspectivesKeyQuery: Handler = async (server, request) =>
  ok(await notarise(server, [param(request, 'serverName')]));

export const bulkPerspectivesKeyQuery: Handler = async (server, request) =>
  ok(await notarise(server, Object.keys(getObject(bodyOf(request), 'server_keys') ?? {})));

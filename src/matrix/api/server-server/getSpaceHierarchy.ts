import { array, boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { spaceChildRoom, spaceRoom } from './definitions.ts';

/** Retrieve a portion of a space tree. */
export const getSpaceHierarchy = endpoint({
  id: 'getSpaceHierarchy',
  method: 'GET',
  path: '/_matrix/federation/v1/hierarchy/{roomId}',
  access: 'server',
  rateLimited: false,
  query: object({ suggested_only: optional(boolean()) }),
  response: object({ room: spaceRoom(), children: array(spaceChildRoom()), inaccessible_children: array(string()) }),
});

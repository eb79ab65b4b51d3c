/** The operations of the Server-Server API by their ids, and which one a request asks for. */

// The ids of the specification's `data/api/server-server`; `sendJoinV1` and `sendLeaveV1` have left it.
const PATHS = {
  getWellKnown: 'GET /.well-known/matrix/server',
  getVersion: 'GET /_matrix/federation/v1/version',
  getServerKey: 'GET /_matrix/key/v2/server',
  perspectivesKeyQuery: 'GET /_matrix/key/v2/query/{serverName}',
  bulkPerspectivesKeyQuery: 'POST /_matrix/key/v2/query',
  sendTransaction: 'PUT /_matrix/federation/v1/send/{txnId}',
  getEventAuth: 'GET /_matrix/federation/v1/event_auth/{roomId}/{eventId}',
  backfillRoom: 'GET /_matrix/federation/v1/backfill/{roomId}',
  getMissingPreviousEvents: 'POST /_matrix/federation/v1/get_missing_events/{roomId}',
  getEvent: 'GET /_matrix/federation/v1/event/{eventId}',
  getRoomState: 'GET /_matrix/federation/v1/state/{roomId}',
  getRoomStateIds: 'GET /_matrix/federation/v1/state_ids/{roomId}',
  getEventByTimestamp: 'GET /_matrix/federation/v1/timestamp_to_event/{roomId}',
  makeJoin: 'GET /_matrix/federation/v1/make_join/{roomId}/{userId}',
  sendJoinV1: 'PUT /_matrix/federation/v1/send_join/{roomId}/{eventId}',
  sendJoinV2: 'PUT /_matrix/federation/v2/send_join/{roomId}/{eventId}',
  makeKnock: 'GET /_matrix/federation/v1/make_knock/{roomId}/{userId}',
  sendKnock: 'PUT /_matrix/federation/v1/send_knock/{roomId}/{eventId}',
  makeLeave: 'GET /_matrix/federation/v1/make_leave/{roomId}/{userId}',
  sendLeaveV1: 'PUT /_matrix/federation/v1/send_leave/{roomId}/{eventId}',
  sendLeaveV2: 'PUT /_matrix/federation/v2/send_leave/{roomId}/{eventId}',
  sendInviteV1: 'PUT /_matrix/federation/v1/invite/{roomId}/{eventId}',
  sendInviteV2: 'PUT /_matrix/federation/v2/invite/{roomId}/{eventId}',
  exchangeThirdPartyInvite: 'PUT /_matrix/federation/v1/exchange_third_party_invite/{roomId}',
  onBindThirdPartyIdentifier: 'PUT /_matrix/federation/v1/3pid/onbind',
  getPublicRooms: 'GET /_matrix/federation/v1/publicRooms',
  queryPublicRooms: 'POST /_matrix/federation/v1/publicRooms',
  getSpaceHierarchy: 'GET /_matrix/federation/v1/hierarchy/{roomId}',
  queryInfo: 'GET /_matrix/federation/v1/query/{queryType}',
  queryRoomDirectory: 'GET /_matrix/federation/v1/query/directory',
  queryProfile: 'GET /_matrix/federation/v1/query/profile',
  exchangeOpenIdToken: 'GET /_matrix/federation/v1/openid/userinfo',
  getUserDevices: 'GET /_matrix/federation/v1/user/devices/{userId}',
  claimUserEncryptionKeys: 'POST /_matrix/federation/v1/user/keys/claim',
  queryUserEncryptionKeys: 'POST /_matrix/federation/v1/user/keys/query',
  getContent: 'GET /_matrix/federation/v1/media/download/{mediaId}',
  getContentThumbnail: 'GET /_matrix/federation/v1/media/thumbnail/{mediaId}',
  askPolicyServerToSign: 'POST /_matrix/policy/v1/sign',
} as const;

export type OperationName = keyof typeof PATHS;

/** Every operation with its method and path, as in `GET /_matrix/key/v2/server`. */
export const OPERATIONS: ReadonlyMap<OperationName, string> = new Map(
  Object.entries(PATHS) as [OperationName, string][],
);

/** "Every HTTP request made by a homeserver is authenticated", except for these. */
export const UNSIGNED: ReadonlySet<OperationName> = new Set<OperationName>([
  'getWellKnown',
  'getVersion',
  'getServerKey',
  'perspectivesKeyQuery',
  'bulkPerspectivesKeyQuery',
  'exchangeOpenIdToken',
  'onBindThirdPartyIdentifier',
]);

export interface OperationMatch {
  readonly operation: OperationName;
  /** The parts of the path, decoded, by their names in the specification. */
  readonly params: ReadonlyMap<string, string>;
}

interface Route {
  readonly operation: OperationName;
  readonly method: string;
  readonly segments: readonly string[];
}

const ROUTES: readonly Route[] = [...OPERATIONS].map(([operation, text]) => {
  const [method = '', path = ''] = text.split(' ');
  return { operation, method, segments: path.split('/') };
});

/** The operation of a method and a path (without its query); the one with the most literal parts wins. */
export function matchOperation(method: string, path: string): OperationMatch | undefined {
  const given = path.split('/');
  let best: OperationMatch | undefined;
  for (const route of ROUTES) {
    if (route.method !== method || route.segments.length !== given.length) continue;
    const params = new Map<string, string>();
    const fits = route.segments.every((wanted, index) => {
      const part = given[index] ?? '';
      if (!wanted.startsWith('{')) return wanted === part;
      params.set(wanted.slice(1, -1), decodeURIComponent(part));
      return true;
    });
    if (fits && (best === undefined || params.size < best.params.size)) best = { operation: route.operation, params };
  }
  return best;
}

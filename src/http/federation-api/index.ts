/** Every operation of the server-server API that is served. One handler file per operationId. */
import type { Services } from '../../server/services.ts';
import { bulkPerspectivesKeyQueryRoute } from './bulkPerspectivesKeyQuery.ts';
import { backfillRoomRoute } from './backfillRoom.ts';
import { claimUserEncryptionKeysRoute } from './claimUserEncryptionKeys.ts';
import { askPolicyServerToSignRoute } from './askPolicyServerToSign.ts';
import { exchangeThirdPartyInviteRoute } from './exchangeThirdPartyInvite.ts';
import { onBindThirdPartyIdentifierRoute } from './onBindThirdPartyIdentifier.ts';
import { exchangeOpenIdTokenRoute } from './exchangeOpenIdToken.ts';
import { getContentRoute } from './getContent.ts';
import { getContentThumbnailRoute } from './getContentThumbnail.ts';
import { getEventRoute } from './getEvent.ts';
import { getEventAuthRoute } from './getEventAuth.ts';
import { getEventByTimestampRoute } from './getEventByTimestamp.ts';
import { getMissingPreviousEventsRoute } from './getMissingPreviousEvents.ts';
import { getPublicRoomsRoute } from './getPublicRooms.ts';
import { getRoomStateRoute } from './getRoomState.ts';
import { getRoomStateIdsRoute } from './getRoomStateIds.ts';
import { getUserDevicesRoute } from './getUserDevices.ts';
import { makeJoinRoute } from './makeJoin.ts';
import { makeKnockRoute } from './makeKnock.ts';
import { makeLeaveRoute } from './makeLeave.ts';
import { queryUserEncryptionKeysRoute } from './queryUserEncryptionKeys.ts';
import { getSpaceHierarchyRoute } from './getSpaceHierarchy.ts';
import { queryInfoRoute } from './queryInfo.ts';
import { queryPublicRoomsRoute } from './queryPublicRooms.ts';
import { queryProfileRoute } from './queryProfile.ts';
import { queryRoomDirectoryRoute } from './queryRoomDirectory.ts';
import { sendInviteV1Route } from './sendInviteV1.ts';
import { sendInviteV2Route } from './sendInviteV2.ts';
import { sendJoinV2Route } from './sendJoinV2.ts';
import { sendKnockRoute } from './sendKnock.ts';
import { sendLeaveV2Route } from './sendLeaveV2.ts';
import { sendTransactionRoute } from './sendTransaction.ts';
import type { FederationRoute } from './federation-route.ts';
import { getServerKeyRoute } from './getServerKey.ts';
import { getVersionRoute } from './getVersion.ts';
import { getWellKnownRoute } from './getWellKnown.ts';
import { perspectivesKeyQueryRoute } from './perspectivesKeyQuery.ts';

export { authenticateServer, type FederationRoute } from './federation-route.ts';

/** What other servers ask, on listeners with `federation`. */
export function federationRoutes(services: Services): FederationRoute[] {
  return [
    getVersionRoute,
    backfillRoomRoute,
    claimUserEncryptionKeysRoute,
    askPolicyServerToSignRoute,
    exchangeOpenIdTokenRoute,
    exchangeThirdPartyInviteRoute,
    onBindThirdPartyIdentifierRoute,
    getContentRoute,
    getContentThumbnailRoute,
    getEventRoute,
    getEventAuthRoute,
    getEventByTimestampRoute,
    getMissingPreviousEventsRoute,
    getPublicRoomsRoute,
    getRoomStateRoute,
    getRoomStateIdsRoute,
    getUserDevicesRoute,
    makeJoinRoute,
    makeKnockRoute,
    makeLeaveRoute,
    queryUserEncryptionKeysRoute,
    getSpaceHierarchyRoute,
    queryInfoRoute,
    queryProfileRoute,
    queryPublicRoomsRoute,
    queryRoomDirectoryRoute,
    sendInviteV1Route,
    sendInviteV2Route,
    sendJoinV2Route,
    sendKnockRoute,
    sendLeaveV2Route,
    sendTransactionRoute,
  ].map((one) => one(services));
}

/** Keys, ours and as a notary those of others, on listeners with `keys`. */
export function keyRoutes(services: Services): FederationRoute[] {
  return [getServerKeyRoute, perspectivesKeyQueryRoute, bulkPerspectivesKeyQueryRoute].map((one) => one(services));
}

/** Where this server is: asked under the server's name, which clients may use as well. */
export function discoveryRoutes(services: Services): FederationRoute[] {
  return [getWellKnownRoute(services)];
}

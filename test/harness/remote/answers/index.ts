/** What a scripted server answers when no test says otherwise. */
import type { OperationName } from '../operations.ts';
import * as devices from './devices.ts';
import * as events from './events.ts';
import type { Handler } from './handler.ts';
import * as invites from './invites.ts';
import * as keys from './keys.ts';
import * as media from './media.ts';
import * as memberships from './memberships.ts';
import { askPolicyServerToSign } from './policy.ts';
import * as queries from './queries.ts';
import { sendTransaction } from './transactions.ts';

// Tests that need `exchangeThirdPartyInvite`, `onBindThirdPartyIdentifier` or `queryInfo` answer them by hooks.
const HANDLERS: Partial<Record<OperationName, Handler>> = {
  getWellKnown: keys.getWellKnown,
  getVersion: keys.getVersion,
  getServerKey: keys.getServerKey,
  perspectivesKeyQuery: keys.perspectivesKeyQuery,
  bulkPerspectivesKeyQuery: keys.bulkPerspectivesKeyQuery,
  sendTransaction,
  getEvent: events.getEvent,
  getEventAuth: events.getEventAuth,
  getRoomState: events.getRoomState,
  getRoomStateIds: events.getRoomStateIds,
  getEventByTimestamp: events.getEventByTimestamp,
  backfillRoom: events.backfillRoom,
  getMissingPreviousEvents: events.getMissingPreviousEvents,
  makeJoin: memberships.makeJoin,
  makeKnock: memberships.makeKnock,
  makeLeave: memberships.makeLeave,
  sendJoinV1: memberships.sendJoinV1,
  sendJoinV2: memberships.sendJoinV2,
  sendKnock: memberships.sendKnock,
  sendLeaveV1: memberships.sendLeaveV1,
  sendLeaveV2: memberships.sendLeaveV2,
  sendInviteV1: invites.sendInviteV1,
  sendInviteV2: invites.sendInviteV2,
  queryProfile: queries.queryProfile,
  queryRoomDirectory: queries.queryRoomDirectory,
  getPublicRooms: queries.getPublicRooms,
  queryPublicRooms: queries.queryPublicRooms,
  getSpaceHierarchy: queries.getSpaceHierarchy,
  exchangeOpenIdToken: queries.exchangeOpenIdToken,
  getUserDevices: devices.getUserDevices,
  queryUserEncryptionKeys: devices.queryUserEncryptionKeys,
  claimUserEncryptionKeys: devices.claimUserEncryptionKeys,
  getContent: media.getContent,
  getContentThumbnail: media.getContentThumbnail,
  askPolicyServerToSign,
};

/** The answer to an operation, where the server has one. */
export function handlerOf(operation: OperationName): Handler | undefined {
  return HANDLERS[operation];
}

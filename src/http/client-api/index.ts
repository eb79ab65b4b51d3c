/** Every operation of the client-server API that is served. One handler file per operationId. */
import type { Services } from '../../server/services.ts';
import { banRoute } from './ban.ts';
import { changePasswordRoute } from './changePassword.ts';
import { checkUsernameAvailabilityRoute } from './checkUsernameAvailability.ts';
import { claimKeysRoute } from './claimKeys.ts';
import { createRoomRoute } from './createRoom.ts';
import { deactivateAccountRoute } from './deactivateAccount.ts';
import { defineFilterRoute } from './defineFilter.ts';
import { deleteDehydratedDeviceRoute } from './deleteDehydratedDevice.ts';
import { deleteDeviceRoute } from './deleteDevice.ts';
import { deleteDevicesRoute } from './deleteDevices.ts';
import { deleteProfileFieldRoute } from './deleteProfileField.ts';
import { deletePushRuleRoute } from './deletePushRule.ts';
import { deleteRoomAliasRoute } from './deleteRoomAlias.ts';
import { deleteRoomKeyBySessionIdRoute } from './deleteRoomKeyBySessionId.ts';
import { deleteRoomKeysRoute } from './deleteRoomKeys.ts';
import { deleteRoomKeysByRoomIdRoute } from './deleteRoomKeysByRoomId.ts';
import { deleteRoomKeysVersionRoute } from './deleteRoomKeysVersion.ts';
import { deleteRoomTagRoute } from './deleteRoomTag.ts';
import { forgetRoomRoute } from './forgetRoom.ts';
import { getAccountDataRoute } from './getAccountData.ts';
import { getAccountDataPerRoomRoute } from './getAccountDataPerRoom.ts';
import { getAdminLockUserRoute } from './getAdminLockUser.ts';
import { getAdminSuspendUserRoute } from './getAdminSuspendUser.ts';
import { getCapabilitiesRoute } from './getCapabilities.ts';
import { getDehydratedDeviceRoute } from './getDehydratedDevice.ts';
import { getDehydratedDeviceEventsRoute } from './getDehydratedDeviceEvents.ts';
import { getDeviceRoute } from './getDevice.ts';
import { getDevicesRoute } from './getDevices.ts';
import { getEventByTimestampRoute } from './getEventByTimestamp.ts';
import { getEventContextRoute } from './getEventContext.ts';
import { getFilterRoute } from './getFilter.ts';
import { getJoinedMembersByRoomRoute } from './getJoinedMembersByRoom.ts';
import { getJoinedRoomsRoute } from './getJoinedRooms.ts';
import { getKeysChangesRoute } from './getKeysChanges.ts';
import { getLocalAliasesRoute } from './getLocalAliases.ts';
import { getLoginFlowsRoute } from './getLoginFlows.ts';
import { getMembersByRoomRoute } from './getMembersByRoom.ts';
import { getMutualRoomsRoute } from './getMutualRooms.ts';
import { getOneRoomEventRoute } from './getOneRoomEvent.ts';
import { getPresenceRoute } from './getPresence.ts';
import { getProfileFieldRoute } from './getProfileField.ts';
import { getPublicRoomsRoute } from './getPublicRooms.ts';
import { getPushRuleRoute } from './getPushRule.ts';
import { getPushRuleActionsRoute } from './getPushRuleActions.ts';
import { getPushRulesRoute } from './getPushRules.ts';
import { getPushRulesGlobalRoute } from './getPushRulesGlobal.ts';
import { getRelatingEventsRoute } from './getRelatingEvents.ts';
import { getRelatingEventsWithRelTypeRoute } from './getRelatingEventsWithRelType.ts';
import { getRelatingEventsWithRelTypeAndEventTypeRoute } from './getRelatingEventsWithRelTypeAndEventType.ts';
import { getRoomEventsRoute } from './getRoomEvents.ts';
import { getRoomIdByAliasRoute } from './getRoomIdByAlias.ts';
import { getRoomKeyBySessionIdRoute } from './getRoomKeyBySessionId.ts';
import { getRoomKeysRoute } from './getRoomKeys.ts';
import { getRoomKeysByRoomIdRoute } from './getRoomKeysByRoomId.ts';
import { getRoomKeysVersionRoute } from './getRoomKeysVersion.ts';
import { getRoomKeysVersionCurrentRoute } from './getRoomKeysVersionCurrent.ts';
import { getRoomStateRoute } from './getRoomState.ts';
import { getRoomStateWithKeyRoute } from './getRoomStateWithKey.ts';
import { getRoomSummaryRoute } from './getRoomSummary.ts';
import { getRoomTagsRoute } from './getRoomTags.ts';
import { getRoutesRoute } from './getRoutes.ts';
import { getRoomVisibilityOnDirectoryRoute } from './getRoomVisibilityOnDirectory.ts';
import { getSpaceHierarchyRoute } from './getSpaceHierarchy.ts';
import { getThreadRootsRoute } from './getThreadRoots.ts';
import { getTokenOwnerRoute } from './getTokenOwner.ts';
import { getUserProfileRoute } from './getUserProfile.ts';
import { getVersionsRoute } from './getVersions.ts';
import { getWellknownRoute } from './getWellknown.ts';
import { getWhoIsRoute } from './getWhoIs.ts';
import { inviteUserRoute } from './inviteUser.ts';
import { isPushRuleEnabledRoute } from './isPushRuleEnabled.ts';
import { joinRoomRoute } from './joinRoom.ts';
import { joinRoomByIdRoute } from './joinRoomById.ts';
import { kickRoute } from './kick.ts';
import { knockRoomRoute } from './knockRoom.ts';
import { leaveRoomRoute } from './leaveRoom.ts';
import { loginRoute } from './login.ts';
import { logoutRoute } from './logout.ts';
import { logout_allRoute } from './logout_all.ts';
import { postReceiptRoute } from './postReceipt.ts';
import { postRoomKeysVersionRoute } from './postRoomKeysVersion.ts';
import { putDehydratedDeviceRoute } from './putDehydratedDevice.ts';
import { putRoomKeyBySessionIdRoute } from './putRoomKeyBySessionId.ts';
import { putRoomKeysRoute } from './putRoomKeys.ts';
import { putRoomKeysByRoomIdRoute } from './putRoomKeysByRoomId.ts';
import { putRoomKeysVersionRoute } from './putRoomKeysVersion.ts';
import { queryKeysRoute } from './queryKeys.ts';
import { queryPublicRoomsRoute } from './queryPublicRooms.ts';
import { redactEventRoute } from './redactEvent.ts';
import { refreshRoute } from './refresh.ts';
import { registerRoute } from './register.ts';
import { registrationTokenValidityRoute } from './registrationTokenValidity.ts';
import { requestOpenIdTokenRoute } from './requestOpenIdToken.ts';
import { searchUserDirectoryRoute } from './searchUserDirectory.ts';
import { sendMessageRoute } from './sendMessage.ts';
import { sendToDeviceRoute } from './sendToDevice.ts';
import { setAccountDataRoute } from './setAccountData.ts';
import { setAccountDataPerRoomRoute } from './setAccountDataPerRoom.ts';
import { setAdminLockUserRoute } from './setAdminLockUser.ts';
import { setAdminSuspendUserRoute } from './setAdminSuspendUser.ts';
import { setPresenceRoute } from './setPresence.ts';
import { setProfileFieldRoute } from './setProfileField.ts';
import { setPushRuleRoute } from './setPushRule.ts';
import { setPushRuleActionsRoute } from './setPushRuleActions.ts';
import { setPushRuleEnabledRoute } from './setPushRuleEnabled.ts';
import { setReadMarkerRoute } from './setReadMarker.ts';
import { setRoomAliasRoute } from './setRoomAlias.ts';
import { setRoomStateWithKeyRoute } from './setRoomStateWithKey.ts';
import { setRoomTagRoute } from './setRoomTag.ts';
import { setRoomVisibilityOnDirectoryRoute } from './setRoomVisibilityOnDirectory.ts';
import { setTypingRoute } from './setTyping.ts';
import { slidingSyncRoute } from './slidingSync.ts';
import { syncRoute } from './sync.ts';
import { unbanRoute } from './unban.ts';
import { updateDeviceRoute } from './updateDevice.ts';
import { upgradeRoomRoute } from './upgradeRoom.ts';
import { uploadCrossSigningKeysRoute } from './uploadCrossSigningKeys.ts';
import { uploadCrossSigningSignaturesRoute } from './uploadCrossSigningSignatures.ts';
import { uploadKeysRoute } from './uploadKeys.ts';
import type { ClientRoute } from './client-route.ts';

const ROUTES: readonly ((services: Services) => ClientRoute)[] = [
  banRoute,
  changePasswordRoute,
  checkUsernameAvailabilityRoute,
  claimKeysRoute,
  createRoomRoute,
  deactivateAccountRoute,
  defineFilterRoute,
  deleteDehydratedDeviceRoute,
  deleteDeviceRoute,
  deleteDevicesRoute,
  deleteProfileFieldRoute,
  deletePushRuleRoute,
  deleteRoomAliasRoute,
  deleteRoomKeyBySessionIdRoute,
  deleteRoomKeysRoute,
  deleteRoomKeysByRoomIdRoute,
  deleteRoomKeysVersionRoute,
  deleteRoomTagRoute,
  forgetRoomRoute,
  getAccountDataRoute,
  getAccountDataPerRoomRoute,
  getAdminLockUserRoute,
  getAdminSuspendUserRoute,
  getCapabilitiesRoute,
  getDehydratedDeviceRoute,
  getDehydratedDeviceEventsRoute,
  getDeviceRoute,
  getDevicesRoute,
  getEventByTimestampRoute,
  getEventContextRoute,
  getFilterRoute,
  getJoinedMembersByRoomRoute,
  getJoinedRoomsRoute,
  getKeysChangesRoute,
  getLocalAliasesRoute,
  getLoginFlowsRoute,
  getMembersByRoomRoute,
  getMutualRoomsRoute,
  getOneRoomEventRoute,
  getPresenceRoute,
  getProfileFieldRoute,
  getPublicRoomsRoute,
  getPushRuleRoute,
  getPushRuleActionsRoute,
  getPushRulesRoute,
  getPushRulesGlobalRoute,
  getRelatingEventsRoute,
  getRelatingEventsWithRelTypeRoute,
  getRelatingEventsWithRelTypeAndEventTypeRoute,
  getRoomEventsRoute,
  getRoomIdByAliasRoute,
  getRoomKeyBySessionIdRoute,
  getRoomKeysRoute,
  getRoomKeysByRoomIdRoute,
  getRoomKeysVersionRoute,
  getRoomKeysVersionCurrentRoute,
  getRoomStateRoute,
  getRoomStateWithKeyRoute,
  getRoomSummaryRoute,
  getRoomTagsRoute,
  getRoutesRoute,
  getRoomVisibilityOnDirectoryRoute,
  getSpaceHierarchyRoute,
  getThreadRootsRoute,
  getTokenOwnerRoute,
  getUserProfileRoute,
  getVersionsRoute,
  getWellknownRoute,
  getWhoIsRoute,
  inviteUserRoute,
  isPushRuleEnabledRoute,
  joinRoomRoute,
  joinRoomByIdRoute,
  kickRoute,
  knockRoomRoute,
  leaveRoomRoute,
  loginRoute,
  logoutRoute,
  logout_allRoute,
  postReceiptRoute,
  postRoomKeysVersionRoute,
  putDehydratedDeviceRoute,
  putRoomKeyBySessionIdRoute,
  putRoomKeysRoute,
  putRoomKeysByRoomIdRoute,
  putRoomKeysVersionRoute,
  queryKeysRoute,
  queryPublicRoomsRoute,
  redactEventRoute,
  refreshRoute,
  registerRoute,
  registrationTokenValidityRoute,
  requestOpenIdTokenRoute,
  searchUserDirectoryRoute,
  sendMessageRoute,
  sendToDeviceRoute,
  setAccountDataRoute,
  setAccountDataPerRoomRoute,
  setAdminLockUserRoute,
  setAdminSuspendUserRoute,
  setPresenceRoute,
  setProfileFieldRoute,
  setPushRuleRoute,
  setPushRuleActionsRoute,
  setPushRuleEnabledRoute,
  setReadMarkerRoute,
  setRoomAliasRoute,
  setRoomStateWithKeyRoute,
  setRoomTagRoute,
  setRoomVisibilityOnDirectoryRoute,
  setTypingRoute,
  slidingSyncRoute,
  syncRoute,
  unbanRoute,
  updateDeviceRoute,
  upgradeRoomRoute,
  uploadCrossSigningKeysRoute,
  uploadCrossSigningSignaturesRoute,
  uploadKeysRoute,
];

/** The routes, bound to the services. */
export function clientRoutes(services: Services): ClientRoute[] {
  return ROUTES.map((route) => route(services));
}

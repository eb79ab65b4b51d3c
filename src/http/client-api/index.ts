/** Every operation of the client-server API that is served. One handler file per operationId. */
import type { Services } from '../../server/services.ts';
import { banRoute } from './ban.ts';
import { changePasswordRoute } from './changePassword.ts';
import { checkUsernameAvailabilityRoute } from './checkUsernameAvailability.ts';
import { createRoomRoute } from './createRoom.ts';
import { deactivateAccountRoute } from './deactivateAccount.ts';
import { defineFilterRoute } from './defineFilter.ts';
import { deleteDeviceRoute } from './deleteDevice.ts';
import { deleteDevicesRoute } from './deleteDevices.ts';
import { deleteProfileFieldRoute } from './deleteProfileField.ts';
import { deleteRoomAliasRoute } from './deleteRoomAlias.ts';
import { deleteRoomTagRoute } from './deleteRoomTag.ts';
import { forgetRoomRoute } from './forgetRoom.ts';
import { getAccountDataRoute } from './getAccountData.ts';
import { getAccountDataPerRoomRoute } from './getAccountDataPerRoom.ts';
import { getCapabilitiesRoute } from './getCapabilities.ts';
import { getDeviceRoute } from './getDevice.ts';
import { getDevicesRoute } from './getDevices.ts';
import { getEventByTimestampRoute } from './getEventByTimestamp.ts';
import { getEventContextRoute } from './getEventContext.ts';
import { getFilterRoute } from './getFilter.ts';
import { getJoinedMembersByRoomRoute } from './getJoinedMembersByRoom.ts';
import { getJoinedRoomsRoute } from './getJoinedRooms.ts';
import { getLocalAliasesRoute } from './getLocalAliases.ts';
import { getLoginFlowsRoute } from './getLoginFlows.ts';
import { getMembersByRoomRoute } from './getMembersByRoom.ts';
import { getOneRoomEventRoute } from './getOneRoomEvent.ts';
import { getProfileFieldRoute } from './getProfileField.ts';
import { getPublicRoomsRoute } from './getPublicRooms.ts';
import { getRelatingEventsRoute } from './getRelatingEvents.ts';
import { getRelatingEventsWithRelTypeRoute } from './getRelatingEventsWithRelType.ts';
import { getRelatingEventsWithRelTypeAndEventTypeRoute } from './getRelatingEventsWithRelTypeAndEventType.ts';
import { getRoomEventsRoute } from './getRoomEvents.ts';
import { getRoomIdByAliasRoute } from './getRoomIdByAlias.ts';
import { getRoomStateRoute } from './getRoomState.ts';
import { getRoomStateWithKeyRoute } from './getRoomStateWithKey.ts';
import { getRoomTagsRoute } from './getRoomTags.ts';
import { getRoomVisibilityOnDirectoryRoute } from './getRoomVisibilityOnDirectory.ts';
import { getThreadRootsRoute } from './getThreadRoots.ts';
import { getTokenOwnerRoute } from './getTokenOwner.ts';
import { getUserProfileRoute } from './getUserProfile.ts';
import { getVersionsRoute } from './getVersions.ts';
import { getWellknownRoute } from './getWellknown.ts';
import { inviteUserRoute } from './inviteUser.ts';
import { joinRoomRoute } from './joinRoom.ts';
import { joinRoomByIdRoute } from './joinRoomById.ts';
import { kickRoute } from './kick.ts';
import { knockRoomRoute } from './knockRoom.ts';
import { leaveRoomRoute } from './leaveRoom.ts';
import { loginRoute } from './login.ts';
import { logoutRoute } from './logout.ts';
import { logout_allRoute } from './logout_all.ts';
import { queryPublicRoomsRoute } from './queryPublicRooms.ts';
import { redactEventRoute } from './redactEvent.ts';
import { refreshRoute } from './refresh.ts';
import { registerRoute } from './register.ts';
import { registrationTokenValidityRoute } from './registrationTokenValidity.ts';
import { searchUserDirectoryRoute } from './searchUserDirectory.ts';
import { sendMessageRoute } from './sendMessage.ts';
import { setAccountDataRoute } from './setAccountData.ts';
import { setAccountDataPerRoomRoute } from './setAccountDataPerRoom.ts';
import { setProfileFieldRoute } from './setProfileField.ts';
import { setRoomAliasRoute } from './setRoomAlias.ts';
import { setRoomStateWithKeyRoute } from './setRoomStateWithKey.ts';
import { setRoomTagRoute } from './setRoomTag.ts';
import { setRoomVisibilityOnDirectoryRoute } from './setRoomVisibilityOnDirectory.ts';
import { unbanRoute } from './unban.ts';
import { updateDeviceRoute } from './updateDevice.ts';
import { upgradeRoomRoute } from './upgradeRoom.ts';
import type { ClientRoute } from './client-route.ts';

const ROUTES: readonly ((services: Services) => ClientRoute)[] = [
  banRoute,
  changePasswordRoute,
  checkUsernameAvailabilityRoute,
  createRoomRoute,
  deactivateAccountRoute,
  defineFilterRoute,
  deleteDeviceRoute,
  deleteDevicesRoute,
  deleteProfileFieldRoute,
  deleteRoomAliasRoute,
  deleteRoomTagRoute,
  forgetRoomRoute,
  getAccountDataRoute,
  getAccountDataPerRoomRoute,
  getCapabilitiesRoute,
  getDeviceRoute,
  getDevicesRoute,
  getEventByTimestampRoute,
  getEventContextRoute,
  getFilterRoute,
  getJoinedMembersByRoomRoute,
  getJoinedRoomsRoute,
  getLocalAliasesRoute,
  getLoginFlowsRoute,
  getMembersByRoomRoute,
  getOneRoomEventRoute,
  getProfileFieldRoute,
  getPublicRoomsRoute,
  getRelatingEventsRoute,
  getRelatingEventsWithRelTypeRoute,
  getRelatingEventsWithRelTypeAndEventTypeRoute,
  getRoomEventsRoute,
  getRoomIdByAliasRoute,
  getRoomStateRoute,
  getRoomStateWithKeyRoute,
  getRoomTagsRoute,
  getRoomVisibilityOnDirectoryRoute,
  getThreadRootsRoute,
  getTokenOwnerRoute,
  getUserProfileRoute,
  getVersionsRoute,
  getWellknownRoute,
  inviteUserRoute,
  joinRoomRoute,
  joinRoomByIdRoute,
  kickRoute,
  knockRoomRoute,
  leaveRoomRoute,
  loginRoute,
  logoutRoute,
  logout_allRoute,
  queryPublicRoomsRoute,
  redactEventRoute,
  refreshRoute,
  registerRoute,
  registrationTokenValidityRoute,
  searchUserDirectoryRoute,
  sendMessageRoute,
  setAccountDataRoute,
  setAccountDataPerRoomRoute,
  setProfileFieldRoute,
  setRoomAliasRoute,
  setRoomStateWithKeyRoute,
  setRoomTagRoute,
  setRoomVisibilityOnDirectoryRoute,
  unbanRoute,
  updateDeviceRoute,
  upgradeRoomRoute,
];

/** The routes, bound to the services. */
export function clientRoutes(services: Services): ClientRoute[] {
  return ROUTES.map((route) => route(services));
}

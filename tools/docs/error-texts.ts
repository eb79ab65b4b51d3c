/** What each error code means: the text of `docs/errors.md`. A code without a row does not compile. */
import type { ErrorCode } from '../../src/matrix/errors.ts';

export interface ErrorText {
  /** When it is answered. */
  readonly when: string;
  /** What the caller does about it. */
  readonly remedy: string;
}

export const ERROR_TEXTS: Readonly<Record<ErrorCode, ErrorText>> = {
  M_FORBIDDEN: {
    when: 'The caller may not do this: not in the room, too little power, a wrong password, registration closed.',
    remedy: 'Tell the person why (`error` names the rule); do not repeat.',
  },
  M_UNKNOWN_TOKEN: {
    when: 'The access or refresh token is not, or no longer, valid.',
    remedy: 'With `soft_logout`: refresh or log in again and keep the keys. Without: the session is over.',
  },
  M_MISSING_TOKEN: {
    when: 'The operation needs an access token and none was sent.',
    remedy: 'Send `Authorization: Bearer …`.',
  },
  M_USER_LOCKED: {
    when: 'An administrator has locked the account.',
    remedy: 'Keep the session and its data; only logging out works until the lock is taken off.',
  },
  M_USER_SUSPENDED: {
    when: 'An administrator has suspended the account: reading and leaving work, speaking does not.',
    remedy: 'Show it; the operations that still work are listed in the specification under "Account suspension".',
  },
  M_BAD_JSON: {
    when: 'The body is JSON of the wrong shape: a field is missing or has the wrong type.',
    remedy: 'Repair the caller; `error` names the field.',
  },
  M_NOT_JSON: {
    when: 'The body is no JSON, or JSON that may not be sent: duplicate keys, too deep, not UTF-8.',
    remedy: 'Repair the caller.',
  },
  M_NOT_FOUND: {
    when: 'What was asked for is not here, or the caller may not know that it is.',
    remedy: 'Treat it as absent.',
  },
  M_LIMIT_EXCEEDED: {
    when: 'The caller asks too often.',
    remedy: 'Wait `retry_after_ms` (also in `Retry-After`), then repeat.',
  },
  M_UNRECOGNIZED: {
    when: 'No such operation (404), or another method of a known path (405).',
    remedy: 'Treat the feature as absent.',
  },
  M_UNKNOWN: {
    when: 'Something failed inside. The log has one line with the request id that the answer carries.',
    remedy: 'Repeat later; give the operator the request id.',
  },
  M_UNAUTHORIZED: {
    when: 'A request or a secret that came with it is not authentic.',
    remedy: 'Sign in again, or repair the caller.',
  },
  M_USER_IN_USE: { when: 'The user name is taken.', remedy: 'Choose another.' },
  M_INVALID_USERNAME: {
    when: 'The user name has characters or a length that user ids may not have.',
    remedy: 'Choose another; `error` says what is allowed.',
  },
  M_EXCLUSIVE: { when: 'The name lies in a range that is reserved.', remedy: 'Choose another.' },
  M_WEAK_PASSWORD: { when: 'The password is too short or too well known.', remedy: 'Choose a longer one.' },
  M_ROOM_IN_USE: { when: 'The alias of a new room is taken.', remedy: 'Choose another alias.' },
  M_INVALID_ROOM_STATE: {
    when: 'The initial state of a new room contradicts itself or an authorisation rule.',
    remedy: 'Repair the request; `error` names the event.',
  },
  M_UNSUPPORTED_ROOM_VERSION: {
    when: 'A room version is asked for that does not exist here.',
    remedy: 'Ask for one of `m.room_versions` in the capabilities.',
  },
  M_BAD_ALIAS: { when: 'A canonical alias is set that does not lead to this room.', remedy: 'Make the alias first.' },
  M_GUEST_ACCESS_FORBIDDEN: { when: 'A guest asks for what guests may not have.', remedy: 'Make an account.' },
  M_MISSING_PARAM: { when: 'A needed parameter is absent.', remedy: 'Repair the caller; `error` names it.' },
  M_INVALID_PARAM: {
    when: 'A parameter has a value that is not allowed.',
    remedy: 'Repair the caller; `error` names it.',
  },
  M_TOO_LARGE: {
    when: 'The body, the event or the upload is larger than allowed.',
    remedy: 'Send less; the limits stand in the specification and in `m.upload.size`.',
  },
  M_NOT_YET_UPLOADED: { when: 'The media id exists and its bytes have not arrived in time.', remedy: 'Repeat later.' },
  M_CANNOT_OVERWRITE_MEDIA: {
    when: 'The bytes of this media id have been uploaded already.',
    remedy: 'Ask for a new id.',
  },
  M_UNKNOWN_POS: {
    when: 'A position of simplified sliding sync that this server does not know, or no longer.',
    remedy: 'Start again without `pos`.',
  },
  M_WRONG_ROOM_KEYS_VERSION: {
    when: 'Keys are written to a backup version that is not the current one.',
    remedy: 'Read `current_version`, decide which backup counts, then repeat.',
  },
  M_INVALID_SIGNATURE: {
    when: 'A key or a device was uploaded with a signature that does not verify.',
    remedy: 'Repair the caller.',
  },
  M_DUPLICATE_ANNOTATION: {
    when: 'The same reaction by the same person is there already.',
    remedy: 'Treat it as done.',
  },
  M_UNABLE_TO_AUTHORISE_JOIN: {
    when: 'Another server asks to join a restricted room, and this one is in none of those that would let its user in.',
    remedy: 'The other server asks a server that is in one of those rooms.',
  },
  M_INCOMPATIBLE_ROOM_VERSION: {
    when: 'Another server asks to join or knock on a room whose version it does not support.',
    remedy: 'The other server has to support the room version in `room_version`.',
  },
  M_UNABLE_TO_GRANT_JOIN: {
    when: 'The conditions of a restricted room hold, but nobody here may let the joiner in.',
    remedy: 'Try another server of the room, or ask for an invite.',
  },
  M_THREEPID_DENIED: { when: 'E-mail addresses and phone numbers are not taken here.', remedy: 'Do without.' },
  M_KEY_TOO_LARGE: { when: 'The name of a profile field is too long.', remedy: 'Shorten it.' },
  M_PROFILE_TOO_LARGE: { when: 'A profile would be larger than allowed.', remedy: 'Take something out of it first.' },
};

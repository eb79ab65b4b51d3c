/** How large profiles are, here and as other servers tell them. */

/** "displayname … 256", "avatar_url … 1,000" (the limits peers enforce). */
export const DISPLAY_NAME_MAX = 256;
export const AVATAR_URL_MAX = 1_000;
/** "the profile as a whole … 64 KiB", keys "at most 255 bytes". */
export const PROFILE_BYTES_MAX = 65_536;
export const FIELD_NAME_BYTES_MAX = 255;

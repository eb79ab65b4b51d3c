/** How rooms are encrypted. */

/** Whether rooms may be encrypted so: "One of: `m.megolm.v1.aes-sha2`" (`m.room.encryption`). */
export function isRoomAlgorithm(text: string): boolean {
  return text === 'm.megolm.v1.aes-sha2';
}

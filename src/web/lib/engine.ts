/** What the app uses of the client core: the engine's contract and the data it gives. */
export type {
  Commands,
  ConnectionState,
  Engine,
  FileToSend,
  FoundUser,
  Member,
  RoomDetails,
  RoomSummary,
  RouteState,
  SecurityFeed,
  SessionState,
  TextToSend,
  TopicName,
  Topics,
} from '../../client/engine/contract.ts';
export type { OwnDevice, Verification } from '../../client/crypto/face.ts';
export type { ItemBody, Preview } from '../../client/timeline/body.ts';
export type { ReactionGroup, TimelineItem } from '../../client/timeline/items.ts';
export type { MediaInfo, MediaSource } from '../../client/timeline/media.ts';
export type { TimelineWindow } from '../../client/timeline/room-timeline.ts';
export { CommandError, connectPort, type Port } from '../../client/engine/port.ts';
export { nameOfUser } from '../../client/engine/members.ts';

import type { PublicRoomsPage } from '../../server/directory/index.ts';

/** A page of the public directory, as both operations that ask for one answer it. */
export function publicRoomsAnswer({ chunk, total, nextBatch, prevBatch }: PublicRoomsPage) {
  return {
    chunk: chunk as never[],
    total_room_count_estimate: total,
    ...(nextBatch !== undefined && { next_batch: nextBatch }),
    ...(prevBatch !== undefined && { prev_batch: prevBatch }),
  };
}

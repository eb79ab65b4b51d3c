import type { UserId } from '../../matrix/ids.ts';
import type { Upload } from '../../server/media/index.ts';
import type { RequestFacts } from '../kit/route.ts';

/** An upload as the request brings it. */
export function uploadOf(owner: UserId, request: RequestFacts, fileName: string | undefined): Upload {
  const { bytes, contentType, contentLength } = request;
  return { owner, bytes, contentType, contentLength, fileName };
}

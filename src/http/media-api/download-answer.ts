import type { UserId } from '../../matrix/ids.ts';
import type { Download, Media } from '../../server/media/index.ts';
import { BytesAnswer } from '../kit/answer.ts';

type MediaPath = Readonly<Record<string, string>>;

/** A download as an answer that streams. */
function downloadAnswer({ stream, headers }: Download): BytesAnswer {
  return new BytesAnswer(stream, headers);
}

/** The content that a path names, under the file name of the path where it has one. */
export async function contentAnswer(
  media: Media,
  user: UserId | undefined,
  path: MediaPath,
  query: { readonly timeout_ms?: number | undefined },
): Promise<BytesAnswer> {
  const { serverName = '', mediaId = '', fileName } = path;
  return downloadAnswer(await media.download(serverName, mediaId, { user, timeoutMs: query.timeout_ms, fileName }));
}

/** The thumbnail that a path names, scaled where the query does not say how. */
export async function thumbnailAnswer(
  media: Media,
  user: UserId | undefined,
  path: MediaPath,
  query: {
    readonly width: number;
    readonly height: number;
    readonly method?: 'crop' | 'scale' | undefined;
    readonly animated?: boolean | undefined;
    readonly timeout_ms?: number | undefined;
  },
): Promise<BytesAnswer> {
  const { serverName = '', mediaId = '' } = path;
  const { width, height, method = 'scale', animated = false, timeout_ms: timeoutMs } = query;
  const wish = { width, height, method, animated, user, timeoutMs };
  return downloadAnswer(await media.thumbnail(serverName, mediaId, wish));
}

import { decode } from 'blurhash';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ItemBody, MediaInfo } from '../../lib/engine.ts';
import { IconButton } from '../parts/controls.tsx';
import { Icon } from '../parts/icon.tsx';
import { saveFile, useMedia } from '../parts/media.ts';
import { say, words } from '../state.ts';

type MediaBody = Extract<ItemBody, { media: MediaInfo }>;

const WIDTH_MAX = 360;
const HEIGHT_MAX = 420;
const SIDE_MIN = 80;

/** The size on screen, known before the bytes are: nothing jumps when they come. */
function boxOf(media: MediaInfo): { width: number; height: number } {
  const width = media.width ?? 280;
  const height = media.height ?? 210;
  const scale = Math.min(1, WIDTH_MAX / width, HEIGHT_MAX / height);
  return {
    width: Math.max(SIDE_MIN, Math.round(width * scale)),
    height: Math.max(SIDE_MIN, Math.round(height * scale)),
  };
}

function Blur({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    try {
      context?.putImageData(new ImageData(new Uint8ClampedArray(decode(hash, 32, 32)), 32, 32), 0, 0);
    } catch {
      // A hash that is none is no picture.
    }
  }, [hash]);
  return <canvas ref={canvas} width={32} height={32} aria-hidden="true" />;
}

function Picture({ media }: { media: MediaInfo }) {
  const [isOpen, setOpen] = useState(false);
  const { address, failed } = useMedia(media.thumbnail ?? media.source);
  const { width, height } = boxOf(media);
  const style = { width: `${width}px`, aspectRatio: `${width} / ${height}` };
  return (
    <>
      <button
        type="button"
        class="picture"
        style={style}
        aria-label={say('openImage', { name: media.name })}
        onClick={() => setOpen(true)}
      >
        {media.blurhash !== undefined && address === undefined && <Blur hash={media.blurhash} />}
        {address !== undefined && <img src={address} alt={media.name} />}
        {failed && <span class="empty small">{say('mediaFailed')}</span>}
      </button>
      {isOpen && <Viewer media={media} onClose={() => setOpen(false)} />}
    </>
  );
}

function Viewer({ media, onClose }: { media: MediaInfo; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { address } = useMedia(media.source);
  useEffect(() => {
    dialog.current?.showModal();
    return () => dialog.current?.close();
  }, []);
  const cancel = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={dialog} class="viewer" aria-label={media.name} onCancel={cancel}>
      <div class="viewer-body">
        <header class="bar">
          <h2 class="ellipsis">{media.name}</h2>
          <IconButton
            icon="download"
            label={say('download', { name: media.name })}
            onClick={() => void saveFile(media.source, media.name)}
          />
          <IconButton icon="close" label={say('close')} onClick={onClose} />
        </header>
        <div class="viewer-stage" onClick={onClose}>
          {address === undefined ? <span class="spinner" /> : <img src={address} alt={media.name} />}
        </div>
      </div>
    </dialog>
  );
}

function Video({ media }: { media: MediaInfo }) {
  const [isWanted, setWanted] = useState(false);
  const video = useMedia(isWanted ? media.source : undefined);
  const poster = useMedia(media.thumbnail);
  const { width, height } = boxOf(media);
  const style = { width: `${width}px`, aspectRatio: `${width} / ${height}` };
  if (video.address !== undefined) {
    return (
      <div class="picture" style={style}>
        <video src={video.address} controls autoplay playsInline />
      </div>
    );
  }
  return (
    <button type="button" class="picture" style={style} aria-label={media.name} onClick={() => setWanted(true)}>
      {poster.address !== undefined && <img src={poster.address} alt="" />}
      <span class="empty">{isWanted ? <span class="spinner" /> : <Icon name="play" />}</span>
    </button>
  );
}

function FileRow({ media }: { media: MediaInfo }) {
  return (
    <button
      type="button"
      class="file"
      title={say('download', { name: media.name })}
      onClick={() => void saveFile(media.source, media.name).catch(() => undefined)}
    >
      <span class="file-icon">
        <Icon name="file" />
      </span>
      <span>
        <b class="ellipsis">{media.name || say('file')}</b>
        <small class="quiet">
          {media.sizeBytes === undefined ? say('downloadShort') : words.value.bytes(media.sizeBytes)}
        </small>
      </span>
    </button>
  );
}

function Sound({ media }: { media: MediaInfo }) {
  const [isWanted, setWanted] = useState(false);
  const { address } = useMedia(isWanted ? media.source : undefined);
  if (address !== undefined) return <audio src={address} controls autoplay />;
  return (
    <button type="button" class="file" onClick={() => setWanted(true)}>
      <span class="file-icon">{isWanted ? <span class="spinner" /> : <Icon name="play" />}</span>
      <b class="ellipsis">{media.name || say('audio')}</b>
    </button>
  );
}

/** A picture, video, sound or file of a message. */
export function MediaView({ body }: { body: MediaBody }) {
  if (body.kind === 'image') return <Picture media={body.media} />;
  if (body.kind === 'video') return <Video media={body.media} />;
  if (body.kind === 'audio') return <Sound media={body.media} />;
  return <FileRow media={body.media} />;
}

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { previewText } from '../../lib/describe.ts';
import type { TimelineItem } from '../../lib/engine.ts';
import { markdownToHtml } from '../../lib/markdown.ts';
import { Dialog, IconButton } from '../parts/controls.tsx';
import { engine, say, words } from '../state.ts';
import { nameIn, type RoomContext } from './room-context.ts';
import { FILE_BYTES_MAX, sendFiles } from './send-file.ts';

/** What the composer is about, besides new text. */
export type Focus = { readonly kind: 'reply' | 'edit'; readonly item: TimelineItem } | undefined;

const drafts = new Map<string, string>();
const TYPING_EVERY_MS = 8000;

const EMOJIS =
  '😀 😂 🥹 😊 😍 😘 😎 🤔 😮 😢 😭 😡 🥳 😴 🙄 😅 👍 👎 👏 🙏 💪 👋 🤝 ✌️ ❤️ 🧡 💚 💙 💔 ✨ 🔥 🎉 🎂 ☕ 🍜 🍰 🌞 🌧️ 🌈 🌸 🐶 🐱 ⚽ 🚲 ✈️ 🏠 📷 ✅'.split(
    ' ',
  );

/** Tells the others that something is being written, now and then. */
function useTyping(roomId: string): (text: string) => void {
  const lastAt = useRef(0);
  useEffect(
    () => () => {
      if (lastAt.current > 0) void engine.commands.setTyping(roomId, false).catch(() => undefined);
      lastAt.current = 0;
    },
    [roomId],
  );
  return (text) => {
    const isTyping = text !== '';
    const at = Date.now();
    if (isTyping && at - lastAt.current < TYPING_EVERY_MS) return;
    if (!isTyping && lastAt.current === 0) return;
    lastAt.current = isTyping ? at : 0;
    void engine.commands.setTyping(roomId, isTyping).catch(() => undefined);
  };
}

/** Ids of the people whose names the text mentions with an `@`. */
function mentionsIn(text: string, context: RoomContext): string[] {
  return [...context.members.values()]
    .filter((member) => member.userId !== context.userId && text.includes(`@${member.name}`))
    .map((member) => member.userId);
}

async function sendText(text: string, focus: Focus, context: RoomContext): Promise<void> {
  const isEmote = text.startsWith('/me ');
  const body = isEmote ? text.slice(4) : text;
  const html = await markdownToHtml(body);
  const eventId = focus?.item.eventId;
  const mentions = mentionsIn(body, context);
  if (focus?.kind === 'reply' && !focus.item.isOwn) mentions.push(focus.item.sender);
  await engine.commands.sendText({
    roomId: context.room.roomId,
    text: body,
    mentions: [...new Set(mentions)],
    ...(isEmote ? { style: 'emote' as const } : {}),
    ...(html === undefined ? {} : { html }),
    ...(focus?.kind === 'reply' && eventId !== undefined ? { replyTo: eventId } : {}),
    ...(focus?.kind === 'edit' && eventId !== undefined ? { edits: eventId } : {}),
  });
}

function textOf(item: TimelineItem): string {
  return item.body.kind === 'text' ? item.body.text : '';
}

interface ComposerProps {
  readonly context: RoomContext;
  readonly focus: Focus;
  readonly onFocusDone: () => void;
  readonly onSent: () => void;
  /** ↑ in an empty composer: the last own message. */
  readonly onEditLast: () => void;
}

function useDraft(roomId: string, focus: Focus) {
  const [text, setText] = useState(drafts.get(roomId) ?? '');
  const area = useRef<HTMLTextAreaElement>(null);
  // Before the next key arrives, not after the next picture: what is typed at once must not mix with the old text.
  useLayoutEffect(() => {
    setText(focus?.kind === 'edit' ? textOf(focus.item) : (drafts.get(roomId) ?? ''));
    if (focus !== undefined || matchMedia('(hover: hover)').matches) area.current?.focus();
  }, [roomId, focus?.kind, focus?.item.key]);
  const write = (next: string) => {
    setText(next);
    if (focus?.kind !== 'edit') drafts.set(roomId, next);
  };
  return { text, write, area };
}

export function Composer(props: ComposerProps) {
  const { context, focus } = props;
  const { roomId } = context.room;
  const { text, write, area } = useDraft(roomId, focus);
  const [isEmojiOpen, setEmojiOpen] = useState(false);
  const tellTyping = useTyping(roomId);
  const send = () => {
    const body = text.trim();
    if (body === '') return;
    write('');
    tellTyping('');
    props.onFocusDone();
    void sendText(body, focus, context).then(props.onSent);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter in an input method commits what is being composed; it sends nothing.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && focus !== undefined) props.onFocusDone();
    else if (event.key === 'ArrowUp' && text === '') {
      event.preventDefault();
      props.onEditLast();
    }
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void sendFiles(roomId, files).then(props.onSent);
  };
  return (
    <footer class="composer">
      {focus !== undefined && <FocusLine context={context} focus={focus} onClose={props.onFocusDone} />}
      <div class="composer-box">
        <AttachButton roomId={roomId} onSent={props.onSent} />
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          value={text}
          placeholder={say('writeMessage')}
          aria-label={say('writeMessage')}
          onInput={(event) => {
            write(event.currentTarget.value);
            tellTyping(event.currentTarget.value);
          }}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <IconButton icon="emoji" label={say('emoji')} onClick={() => setEmojiOpen(true)} />
        {text.trim() !== '' && <IconButton icon="send" class="accent" label={say('send')} onClick={send} />}
      </div>
      {isEmojiOpen && (
        <EmojiDialog onClose={() => setEmojiOpen(false)} onChoose={(emoji) => write(`${text}${emoji}`)} />
      )}
    </footer>
  );
}

function FocusLine({
  context,
  focus,
  onClose,
}: {
  context: RoomContext;
  focus: NonNullable<Focus>;
  onClose: () => void;
}) {
  const { item } = focus;
  const title =
    focus.kind === 'edit' ? say('editingMessage') : say('replyingTo', { name: nameIn(context, item.sender) });
  const text = 'media' in item.body ? item.body.media.name : textOf(item);
  return (
    <div class="composer-context">
      <div class="quote">
        <b>{title}</b>
        <span class="ellipsis" dir="auto">
          {previewText({ kind: item.body.kind, text }, words.value)}
        </span>
      </div>
      <IconButton icon="close" label={say('cancel')} onClick={onClose} />
    </div>
  );
}

function AttachButton({ roomId, onSent }: { roomId: string; onSent: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [tooLarge, setTooLarge] = useState(false);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          setTooLarge(files.some((file) => file.size > FILE_BYTES_MAX));
          const good = files.filter((file) => file.size <= FILE_BYTES_MAX);
          void sendFiles(roomId, good).then(onSent);
          event.currentTarget.value = '';
        }}
      />
      <IconButton icon="attach" label={say('attach')} onClick={() => input.current?.click()} />
      {tooLarge && (
        <Dialog title={say('attach')} onClose={() => setTooLarge(false)}>
          <p>{say('fileTooLarge', { size: words.value.bytes(FILE_BYTES_MAX) })}</p>
        </Dialog>
      )}
    </>
  );
}

function EmojiDialog({ onChoose, onClose }: { onChoose: (emoji: string) => void; onClose: () => void }) {
  return (
    <Dialog title={say('emoji')} sheet onClose={onClose}>
      <div class="emoji-grid">
        {EMOJIS.map((emoji) => (
          <button
            key={emoji}
            type="button"
            onClick={() => {
              onChoose(emoji);
              onClose();
            }}
          >
            {emoji}
          </button>
        ))}
      </div>
    </Dialog>
  );
}

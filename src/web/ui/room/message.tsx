import { useState } from 'preact/hooks';
import { colourOf, previewText, unreadableText } from '../../lib/describe.ts';
import type { Member, TimelineItem } from '../../lib/engine.ts';
import { linkParts } from '../../lib/message-html/parts.ts';
import { isEmojiOnly, type Row } from '../../lib/rows.ts';
import { Avatar, IconButton } from '../parts/controls.tsx';
import { Icon } from '../parts/icon.tsx';
import { engine, overlay, say, security, words } from '../state.ts';
import { MediaView } from './media-view.tsx';
import { MessageMenu } from './message-menu.tsx';
import { HtmlView, PartsView } from './parts-view.tsx';
import { nameIn, type RoomContext } from './room-context.ts';

type MessageRow = Extract<Row, { kind: 'message' }>;

export function Message({ row, context }: { row: MessageRow; context: RoomContext }) {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const { item } = row;
  const member: Member | undefined = context.members.get(item.sender);
  const name = nameIn(context, item.sender);
  const showsPeople = !context.room.isDirect && !item.isOwn;
  const classes = ['message', item.isOwn ? 'own' : '', row.startsGroup ? 'starts' : '', row.endsGroup ? 'ends' : ''];
  if (context.room.isDirect || item.isOwn) classes.push('direct');
  const openMenu = (event: Event) => {
    event.preventDefault();
    setMenuOpen(true);
  };
  return (
    <article class={classes.join(' ')} data-key={item.key} aria-label={name}>
      {showsPeople && (
        <div class="message-side">
          {row.endsGroup && <Avatar id={item.sender} name={name} uri={member?.avatarUrl} size={32} />}
        </div>
      )}
      <div class="message-main">
        {showsPeople && row.startsGroup && <bdi class={`sender tone${colourOf(item.sender)}`}>{name}</bdi>}
        <div class="bubble-wrap">
          <Bubble item={item} context={context} onMenu={openMenu} />
          {item.eventId !== undefined && item.body.kind !== 'redacted' && (
            <HoverTools item={item} context={context} onMore={openMenu} />
          )}
        </div>
        <Reactions item={item} context={context} />
        {item.sendState === 'failed' && <FailedActions item={item} />}
      </div>
      {isMenuOpen && <MessageMenu item={item} context={context} onClose={() => setMenuOpen(false)} />}
    </article>
  );
}

function HoverTools({
  item,
  context,
  onMore,
}: {
  item: TimelineItem;
  context: RoomContext;
  onMore: (event: Event) => void;
}) {
  return (
    <div class="hover-tools">
      <IconButton icon="reply" label={say('reply')} onClick={() => context.startReply(item)} />
      <IconButton icon="emoji" label={say('react')} onClick={onMore} />
      <IconButton icon="more" label={say('messageActions')} onClick={onMore} />
    </div>
  );
}

function bubbleClass(item: TimelineItem): string {
  const { body } = item;
  if (body.kind === 'text' && body.html === undefined && item.replyTo === undefined && isEmojiOnly(body.text))
    return 'bare';
  if (body.kind === 'image' || body.kind === 'video') return body.caption === undefined ? 'media' : 'media captioned';
  return body.kind === 'redacted' || body.kind === 'unreadable' || body.kind === 'unknown' ? 'faded' : '';
}

function Bubble({
  item,
  context,
  onMenu,
}: {
  item: TimelineItem;
  context: RoomContext;
  onMenu: (event: Event) => void;
}) {
  return (
    <div class={`bubble ${bubbleClass(item)}`} onContextMenu={onMenu}>
      {item.replyTo !== undefined && <Quote item={item} context={context} />}
      <Content item={item} context={context} />
      <Meta item={item} />
    </div>
  );
}

function Content({ item, context }: { item: TimelineItem; context: RoomContext }) {
  const { body } = item;
  switch (body.kind) {
    case 'text': {
      const prefix = body.style === 'emote' ? `* ${nameIn(context, item.sender)} ` : '';
      if (body.html !== undefined) return <HtmlView html={body.html} prefix={prefix} />;
      return (
        <span class={`bubble-text ${isEmojiOnly(body.text) ? 'emoji' : ''}`} dir="auto">
          <PartsView parts={linkParts(prefix + body.text)} />
        </span>
      );
    }
    case 'image':
    case 'video':
    case 'audio':
    case 'file':
      return (
        <>
          <MediaView body={body} />
          {body.caption !== undefined && (
            <div class="caption" dir="auto">
              {body.caption}
            </div>
          )}
        </>
      );
    case 'redacted':
      return <span>{say('deletedMessage')}</span>;
    case 'unreadable':
      return <Unreadable item={item} context={context} />;
    default:
      return <span>{body.kind === 'unknown' && body.text ? body.text : say('unknownMessage')}</span>;
  }
}

function Unreadable({ item, context }: { item: TimelineItem; context: RoomContext }) {
  if (item.body.kind !== 'unreadable') return null;
  const senderName = nameIn(context, item.sender);
  const { text, canUnlock } = unreadableText(item.body, { security: security.value, senderName, words: words.value });
  return (
    <span>
      <Icon name="lock" tiny /> {text}{' '}
      {canUnlock && (
        <button type="button" class="pill" onClick={() => (overlay.value = 'unlock')}>
          {say('unlockHistory')}
        </button>
      )}
    </span>
  );
}

function Quote({ item, context }: { item: TimelineItem; context: RoomContext }) {
  const { replyTo } = item;
  if (replyTo === undefined) return null;
  const preview = replyTo.preview === undefined ? say('originalMissing') : previewText(replyTo.preview, words.value);
  const tone = replyTo.sender === undefined ? '' : `tone${colourOf(replyTo.sender)}`;
  return (
    <button type="button" class={`quote ${tone}`} onClick={() => context.showEvent(replyTo.eventId)}>
      {replyTo.sender !== undefined && <b>{nameIn(context, replyTo.sender)}</b>}
      <span class="ellipsis" dir="auto">
        {preview}
      </span>
    </button>
  );
}

function Meta({ item }: { item: TimelineItem }) {
  return (
    <span class="meta">
      {item.isUnprotected === true && <span class="danger-text">{say('notEncryptedHere')}</span>}
      {item.shield !== undefined && (
        <span title={say(item.shield === 'red' ? 'authenticityBad' : 'authenticityUnknown')}>
          <Icon name={item.shield === 'red' ? 'alert' : 'shield'} tiny />
        </span>
      )}
      {item.isEdited && <span>{say('edited')}</span>}
      <time>{words.value.time(item.timestampMs)}</time>
      {item.isOwn && <Tick item={item} />}
    </span>
  );
}

function Tick({ item }: { item: TimelineItem }) {
  const state = item.sendState ?? (item.isRead ? 'read' : 'sent');
  const KINDS = {
    waiting: ['clock', 'sending'],
    failed: ['alert', 'notSent'],
    sent: ['tick', 'sent'],
    read: ['ticks', 'read'],
  } as const;
  const [icon, key] = KINDS[state];
  return (
    <span role="img" aria-label={say(key)} title={say(key)}>
      <Icon name={icon} tiny />
    </span>
  );
}

function Reactions({ item, context }: { item: TimelineItem; context: RoomContext }) {
  if (item.reactions.length === 0) return null;
  return (
    <div class="reactions">
      {item.reactions.map((group) => (
        <button
          key={group.key}
          type="button"
          class="reaction"
          aria-pressed={group.senders.includes(context.userId)}
          title={say('reactionBy', {
            key: group.key,
            names: words.value.list(group.senders.map((id) => nameIn(context, id))),
          })}
          onClick={() => context.toggleReaction(item, group.key)}
        >
          <span>{group.key.slice(0, 16)}</span>
          <small>{group.senders.length}</small>
        </button>
      ))}
    </div>
  );
}

function FailedActions({ item }: { item: TimelineItem }) {
  return (
    <div class="failed-actions" role="alert">
      {say('notSent')}
      <button type="button" onClick={() => void engine.commands.retrySending(item.key)}>
        {say('retry')}
      </button>
      <button type="button" onClick={() => void engine.commands.discardMessage(item.key)}>
        {say('delete')}
      </button>
    </div>
  );
}

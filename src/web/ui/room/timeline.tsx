import { useEffect, useRef, useState } from 'preact/hooks';
import { eventSentence, roomTitle } from '../../lib/describe.ts';
import type { TimelineItem, TimelineWindow } from '../../lib/engine.ts';
import { planRows, type Row } from '../../lib/rows.ts';
import { Avatar, IconButton } from '../parts/controls.tsx';
import { engine, now, say, words } from '../state.ts';
import { Message } from './message.tsx';
import { nameIn, type RoomContext } from './room-context.ts';

const NEAR_PX = 400;

/** Where the line "new messages" stands: decided when the room is opened, and not moved while it is read. */
function useFirstUnread(context: RoomContext, items: readonly TimelineItem[] | undefined): string | undefined {
  const unread = useRef(context.room.unreadCount);
  const [key, setKey] = useState<string | undefined>(undefined);
  useEffect(() => {
    unread.current = context.room.unreadCount;
    setKey(undefined);
  }, [context.room.roomId]);
  useEffect(() => {
    if (items === undefined || items.length === 0 || unread.current === 0) return;
    const others = items.filter((item) => !item.isOwn && item.eventId !== undefined);
    setKey(others.at(-unread.current)?.key);
    unread.current = 0;
  }, [items]);
  return key;
}

/** Replies to events that are not here ask the server for them. */
function useReplyTargets(roomId: string, items: readonly TimelineItem[] | undefined): void {
  const asked = useRef(new Set<string>());
  useEffect(() => {
    for (const { replyTo } of items ?? []) {
      if (replyTo === undefined || replyTo.preview !== undefined || asked.current.has(replyTo.eventId)) continue;
      asked.current.add(replyTo.eventId);
      void engine.commands.fetchReplyTarget(roomId, replyTo.eventId).catch(() => undefined);
    }
  }, [items]);
}

export function Timeline({ context, window }: { context: RoomContext; window: TimelineWindow | undefined }) {
  const { roomId } = context.room;
  const scroller = useRef<HTMLDivElement>(null);
  const [isAway, setAway] = useState(false);
  const items = window?.items;
  const firstUnread = useFirstUnread(context, items);
  useReplyTargets(roomId, items);
  const fillUp = () => {
    const element = scroller.current;
    if (element === null || window === undefined || window.atStart || window.isLoading) return;
    const above = element.scrollHeight - element.clientHeight + element.scrollTop;
    if (above < NEAR_PX) void engine.commands.loadOlder(roomId).catch(() => undefined);
  };
  useEffect(fillUp, [window]);
  const newest = items?.at(-1)?.key;
  useEffect(() => {
    if (document.visibilityState === 'visible') void engine.commands.markRead(roomId).catch(() => undefined);
    if (items?.at(-1)?.isOwn === true && scroller.current !== null) scroller.current.scrollTop = 0;
  }, [roomId, newest]);
  const rows = items === undefined ? [] : planRows(items, firstUnread);
  return (
    <div class="timeline-wrap">
      <div
        ref={scroller}
        class="timeline"
        tabIndex={0}
        role="log"
        aria-live="polite"
        onScroll={(event) => {
          setAway(event.currentTarget.scrollTop < -NEAR_PX);
          fillUp();
        }}
      >
        <div class="timeline-rows">
          {window?.atStart === true && <Beginning context={context} />}
          {window?.atStart === false && <p class="notes">{say('loadingOlder')}</p>}
          {rows.map((row) => (
            <RowView key={row.key} row={row} context={context} />
          ))}
        </div>
      </div>
      {isAway && (
        <IconButton
          icon="down"
          class="jump"
          label={say('jumpToEnd')}
          onClick={() => scroller.current?.scrollTo({ top: 0, behavior: 'smooth' })}
        />
      )}
    </div>
  );
}

function Beginning({ context }: { context: RoomContext }) {
  const { room } = context;
  const name = roomTitle(room, words.value);
  return (
    <div class="beginning">
      <Avatar id={room.directUserId ?? room.roomId} name={name} uri={room.avatarUrl} size={72} />
      <p>{say(room.isDirect ? 'beginning' : 'beginningGroup', { name })}</p>
      <p class="small">{say(room.isEncrypted ? 'encryptedExplain' : 'plainExplain')}</p>
    </div>
  );
}

function RowView({ row, context }: { row: Row; context: RoomContext }) {
  switch (row.kind) {
    case 'day':
      return <div class="day">{words.value.day(row.timeMs, now.value)}</div>;
    case 'new':
      return <div class="new-line">{say('newMessages')}</div>;
    case 'notes':
      return <Notes items={row.items} context={context} />;
    case 'message':
      return <Message row={row} context={context} />;
  }
}

const FOLD_FROM = 3;

function Notes({ items, context }: { items: readonly TimelineItem[]; context: RoomContext }) {
  const sentences = items.map((item) => {
    const text = eventSentence(item.body, nameIn(context, item.sender), words.value);
    return <div key={item.key}>{text}</div>;
  });
  if (sentences.length < FOLD_FROM) return <div class="notes">{sentences}</div>;
  return (
    <details class="notes">
      <summary>{say('foldedChanges', { count: sentences.length })}</summary>
      {sentences}
    </details>
  );
}

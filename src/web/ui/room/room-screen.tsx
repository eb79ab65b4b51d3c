import { useMemo, useState } from 'preact/hooks';
import { roomTitle } from '../../lib/describe.ts';
import type { RoomDetails, RoomSummary, TimelineItem } from '../../lib/engine.ts';
import { Avatar, IconButton } from '../parts/controls.tsx';
import { ConnectionLine } from '../parts/connection-line.tsx';
import { Icon } from '../parts/icon.tsx';
import { engine, go, say, session, useTopic, words } from '../state.ts';
import { Composer, type Focus } from './composer.tsx';
import { IdentityChanged } from './identity-changed.tsx';
import { nameIn, type RoomContext } from './room-context.ts';
import { sendFiles } from './send-file.ts';
import { Timeline } from './timeline.tsx';

function showEvent(eventId: string, items: readonly TimelineItem[]): void {
  const key = items.find((item) => item.eventId === eventId)?.key;
  if (key === undefined) return;
  for (const element of document.querySelectorAll<HTMLElement>('.message')) {
    if (element.dataset['key'] === key) element.scrollIntoView({ block: 'center', behavior: 'smooth' });
  }
}

function toggleReaction(room: RoomSummary, item: TimelineItem, key: string): void {
  const own = item.reactions.find((group) => group.key === key)?.ownEventId;
  const { eventId } = item;
  if (own !== undefined) void engine.commands.redact(room.roomId, own);
  else if (eventId !== undefined) void engine.commands.react(room.roomId, eventId, key);
}

export function RoomScreen({ room }: { room: RoomSummary }) {
  const [focus, setFocus] = useState<Focus>(undefined);
  const [isDragging, setDragging] = useState(false);
  const window = useTopic('timeline', room.roomId);
  const details = useTopic('room', room.roomId);
  const members = useMemo(() => new Map(details?.members.map((member) => [member.userId, member])), [details]);
  const items = window?.items ?? [];
  const [changed] = details?.changedUserIds ?? [];
  const context: RoomContext = {
    room,
    members,
    details,
    userId: session.value.userId ?? '',
    startReply: (item) => setFocus({ kind: 'reply', item }),
    startEdit: (item) => setFocus({ kind: 'edit', item }),
    toggleReaction: (item, key) => toggleReaction(room, item, key),
    showEvent: (eventId) => showEvent(eventId, items),
  };
  const editLast = () => {
    const last = items.findLast((item) => item.canEdit && item.eventId !== undefined);
    if (last !== undefined) setFocus({ kind: 'edit', item: last });
  };
  return (
    <section
      class="pane main-pane"
      id="main"
      tabIndex={-1}
      aria-label={roomTitle(room, words.value)}
      onDragOver={(event) => {
        event.preventDefault();
        setDragging(true);
      }}
      onDragLeave={() => setDragging(false)}
      onDrop={(event) => {
        event.preventDefault();
        setDragging(false);
        void sendFiles(room.roomId, event.dataTransfer?.files ?? []);
      }}
    >
      <Header room={room} details={details} />
      <div class="narrow-only">
        <ConnectionLine />
      </div>
      <Timeline context={context} window={window} />
      <TypingLine context={context} />
      {changed === undefined ? (
        <Composer
          key={room.roomId}
          context={context}
          focus={focus}
          onFocusDone={() => setFocus(undefined)}
          onSent={() => undefined}
          onEditLast={editLast}
        />
      ) : (
        <IdentityChanged context={context} userId={changed} />
      )}
      {isDragging && <div class="drop-target">{say('dropHere')}</div>}
    </section>
  );
}

function Header({ room, details }: { room: RoomSummary; details: RoomDetails | undefined }) {
  const title = roomTitle(room, words.value);
  const joined = details?.members.filter((member) => member.membership === 'join').length ?? 0;
  const count = Math.max(room.memberCount, joined);
  const subtitle = room.isDirect ? (room.directUserId ?? '') : (room.topic ?? say('peopleCount', { count }));
  return (
    <header class="bar lined">
      <IconButton icon="back" class="back-button" label={say('back')} onClick={() => go({ name: 'home' })} />
      <h1 class="bar-heading">
        <button
          type="button"
          class="bar-title"
          title={say('details')}
          onClick={() => go({ name: 'details', roomId: room.roomId })}
        >
          <Avatar id={room.directUserId ?? room.roomId} name={title} uri={room.avatarUrl} size={40} />
          <span class="grow">
            <b>
              <bdi>{title}</bdi> {room.isEncrypted && <Icon name="lock" tiny />}
            </b>
            <small>{subtitle}</small>
          </span>
        </button>
      </h1>
    </header>
  );
}

function TypingLine({ context }: { context: RoomContext }) {
  const names = (context.details?.typingUserIds ?? []).map((id) => nameIn(context, id));
  const [name = '', other = ''] = names;
  const key = names.length === 1 ? 'typingOne' : names.length === 2 ? 'typingTwo' : 'typingMany';
  return (
    <div class="typing" aria-live="polite">
      {names.length > 0 && say(key, { name, other })}
    </div>
  );
}

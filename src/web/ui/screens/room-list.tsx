import { useSignal } from '@preact/signals';
import { roomSubtitle, roomTitle } from '../../lib/describe.ts';
import type { RoomSummary } from '../../lib/engine.ts';
import { routeLink } from '../../lib/route.ts';
import type { MessageKey } from '../../lib/words.ts';
import { Avatar, IconButton, SearchBox, useAction } from '../parts/controls.tsx';
import { ConnectionLine } from '../parts/connection-line.tsx';
import { Gate, Icon } from '../parts/icon.tsx';
import { engine, go, now, openRoom, rooms, say, session, words } from '../state.ts';
import { RecoveryCard, UnlockCard } from './recovery.tsx';

type Filter = 'all' | 'unread' | 'people' | 'groups' | 'favourites';

const FILTERS: readonly [Filter, MessageKey][] = [
  ['all', 'filterAll'],
  ['unread', 'filterUnread'],
  ['people', 'filterPeople'],
  ['groups', 'filterGroups'],
  ['favourites', 'filterFavourites'],
];

function isUnread(room: RoomSummary): boolean {
  return room.unreadCount > 0 || room.isMarkedUnread || room.membership === 'invite';
}

function passes(room: RoomSummary, filter: Filter): boolean {
  if (filter === 'unread') return isUnread(room);
  if (filter === 'people') return room.isDirect;
  if (filter === 'groups') return !room.isDirect;
  return filter === 'all' || room.isFavourite;
}

function choose(all: readonly RoomSummary[], filter: Filter, term: string): RoomSummary[] {
  const wanted = term.trim().toLowerCase();
  return all.filter(
    (room) => passes(room, filter) && (wanted === '' || roomTitle(room, words.value).toLowerCase().includes(wanted)),
  );
}

export function RoomList() {
  const filter = useSignal<Filter>('all');
  const term = useSignal('');
  const all = rooms.value;
  const shown = choose(all ?? [], filter.value, term.value);
  return (
    <nav class="pane list-pane" aria-label={say('chats')}>
      <header class="bar">
        <h1>{say('chats')}</h1>
        <IconButton icon="compose" label={say('newChat')} onClick={() => go({ name: 'new' })} />
        <IconButton icon="settings" label={say('settings')} onClick={() => go({ name: 'settings' })} />
      </header>
      <ConnectionLine />
      {(all?.length ?? 0) > 0 && (
        <div class="list-tools">
          <SearchBox label={say('searchChats')} value={term.value} onInput={(value) => (term.value = value)} />
          <div class="chips" role="group">
            {FILTERS.filter(([name]) => name !== 'favourites' || all?.some((room) => room.isFavourite)).map(
              ([name, key]) => (
                <button
                  key={name}
                  type="button"
                  class="chip"
                  aria-pressed={filter.value === name}
                  onClick={() => (filter.value = name)}
                >
                  {say(key)}
                </button>
              ),
            )}
          </div>
        </div>
      )}
      <div class="scroll">
        <UnlockCard />
        <RecoveryCard />
        {all === undefined ? null : all.length === 0 ? (
          <Nothing />
        ) : shown.length === 0 ? (
          <p class="empty">{say('noMatches', { term: term.value })}</p>
        ) : (
          <ul class="room-list">
            {shown.map((room) => (
              <Row key={room.roomId} room={room} />
            ))}
          </ul>
        )}
      </div>
    </nav>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <Gate />
      <h2>{say('noChatsTitle')}</h2>
      <p>{say('noChatsText')}</p>
      <button type="button" class="button primary" onClick={() => go({ name: 'new' })}>
        {say('newChat')}
      </button>
    </div>
  );
}

function Row({ room }: { room: RoomSummary }) {
  const title = roomTitle(room, words.value);
  const userId = session.value.userId ?? '';
  const isOpen = openRoom.value?.roomId === room.roomId;
  const invited = room.membership === 'invite';
  return (
    <li>
      <a
        class={`room-row ${isUnread(room) ? 'unread' : ''}`}
        href={invited ? '#/' : routeLink({ name: 'room', roomId: room.roomId })}
        aria-current={isOpen ? 'page' : 'false'}
      >
        <Avatar id={room.directUserId ?? room.roomId} name={title} uri={room.avatarUrl} size={48} />
        <span class="room-row-text">
          <span class="room-row-line">
            <bdi class="room-row-name ellipsis">{title}</bdi>
            {room.isFavourite && <Icon name="star" tiny />}
            {room.lastEvent !== undefined && (
              <time class="room-row-time">{words.value.shortTime(room.lastEvent.timestampMs, now.value)}</time>
            )}
          </span>
          <span class="room-row-line">
            <bdi class="room-row-preview ellipsis">{roomSubtitle(room, userId, words.value)}</bdi>
            <Badge room={room} />
          </span>
        </span>
      </a>
      {invited && <InviteActions room={room} />}
    </li>
  );
}

function Badge({ room }: { room: RoomSummary }) {
  if (room.membership === 'invite' || (room.unreadCount === 0 && !room.isMarkedUnread)) return null;
  const count = room.unreadCount;
  const label = room.highlightCount > 0 ? say('mentioned') : say('unreadCount', { count });
  return (
    <span class={`badge ${room.isMuted ? 'muted' : ''}`} aria-label={label}>
      {room.highlightCount > 0 ? '@' : count > 99 ? '99+' : count || ''}
    </span>
  );
}

function InviteActions({ room }: { room: RoomSummary }) {
  const accept = useAction(async () => {
    const roomId = await engine.commands.joinRoom(room.roomId);
    go({ name: 'room', roomId });
  });
  const decline = useAction(() => engine.commands.leaveRoom(room.roomId));
  const isBusy = accept.isBusy || decline.isBusy;
  return (
    <div class="invite-actions">
      <button type="button" class="button" disabled={isBusy} onClick={() => decline.run()}>
        {say('decline')}
      </button>
      <button type="button" class="button primary" disabled={isBusy} onClick={() => accept.run()}>
        {say('accept')}
      </button>
    </div>
  );
}

import { useEffect } from 'preact/hooks';
import { roomTitle } from '../lib/describe.ts';
import { Gate } from './parts/icon.tsx';
import { lazy } from './parts/lazy.tsx';
import { engine, go, openRoom, overlay, route, rooms, say, session, verification, words } from './state.ts';
import { RoomList } from './screens/room-list.tsx';
import { Invitation, openInvitation } from './screens/invitation.tsx';
import { Invite } from './screens/invite.tsx';
import { Welcome } from './screens/welcome.tsx';

const RoomScreen = lazy(() => import('./room/room-screen.tsx').then((module) => module.RoomScreen));
const Details = lazy(() => import('./room/details.tsx').then((module) => module.Details));
const NewChat = lazy(() => import('./screens/new-chat.tsx').then((module) => module.NewChat));
const Settings = lazy(() => import('./screens/settings.tsx').then((module) => module.Settings));
const RecoveryDialog = lazy(() => import('./screens/recovery-dialogs.tsx').then((module) => module.RecoveryDialog));
const UnlockDialog = lazy(() => import('./screens/recovery-dialogs.tsx').then((module) => module.UnlockDialog));
const VerificationDialog = lazy(() => import('./screens/verification.tsx').then((module) => module.VerificationDialog));

export function App() {
  const { status } = session.value;
  const current = route.value;
  if (status === 'loading') return <Loading />;
  if (status === 'signed-out') {
    if (current.name === 'invitation') return <Invitation text={current.text} />;
    return current.name === 'invite' || current.name === 'setup' ? <Invite entry={current} /> : <Welcome />;
  }
  return <Main />;
}

function Loading() {
  return (
    <main class="entry" aria-busy="true">
      <Gate />
    </main>
  );
}

function useTitle(): void {
  const unread = (rooms.value ?? []).reduce((sum, room) => sum + (room.isMuted ? 0 : room.unreadCount), 0);
  const room = openRoom.value;
  const title = room === undefined ? say('appName') : `${roomTitle(room, words.value)} · ${say('appName')}`;
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  }, [title, unread]);
}

/** An invitation link leads somebody with an account, new or old, into the room or to the person. */
function useInvitation(): void {
  const current = route.value;
  useEffect(() => {
    if (current.name === 'setup') go({ name: 'home' });
    if (current.name !== 'invite' && current.name !== 'invitation') return;
    const lead = async () => {
      const { room, from } = current.name === 'invite' ? current : await openInvitation(current.text);
      if (room !== undefined) return engine.commands.joinRoom(room);
      return from === undefined || from === session.value.userId ? undefined : engine.commands.createDirect(from);
    };
    lead().then(
      (roomId) => go(roomId === undefined ? { name: 'home' } : { name: 'room', roomId }),
      () => go({ name: 'home' }),
    );
  }, [current]);
}

function Main() {
  useTitle();
  useInvitation();
  const current = route.value;
  const room = openRoom.value;
  const isRoom = current.name === 'room' || current.name === 'details';
  const hasMain = isRoom || current.name === 'new' || current.name === 'settings';
  const hasSide = current.name === 'details' && room !== undefined;
  const close = () => {
    overlay.value = undefined;
  };
  return (
    <>
      {hasMain && (
        <a class="skip-link" href="#main" onClick={focusMain}>
          {say('skipToChat')}
        </a>
      )}
      <main class={`panes ${hasMain ? 'has-main' : ''} ${hasSide ? 'has-side' : ''}`}>
        <RoomList />
        {room !== undefined && <RoomScreen key={room.roomId} room={room} />}
        {hasSide && <Details key={`details ${room.roomId}`} room={room} />}
        {current.name === 'new' && <NewChat />}
        {current.name === 'settings' && <Settings />}
        {room === undefined && current.name !== 'new' && current.name !== 'settings' && (
          <NothingOpen isLoading={isRoom} />
        )}
      </main>
      {verification.value !== null && <VerificationDialog />}
      {overlay.value === 'recovery' && <RecoveryDialog onClose={close} />}
      {overlay.value === 'unlock' && <UnlockDialog onClose={close} />}
    </>
  );
}

function focusMain(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}

function NothingOpen({ isLoading }: { isLoading: boolean }) {
  return (
    <section class="pane main-pane" id="main" tabIndex={-1}>
      <div class="empty">{isLoading ? <span class="spinner" /> : <Gate />}</div>
    </section>
  );
}

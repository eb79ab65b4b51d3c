import { useEffect, useState } from 'preact/hooks';
import { failureText, roomTitle } from '../../lib/describe.ts';
import type { Member, RoomDetails, RoomSummary } from '../../lib/engine.ts';
import { Avatar, Confirm, Dialog, Field, IconButton, useAction } from '../parts/controls.tsx';
import { Icon } from '../parts/icon.tsx';
import { PeoplePicker } from '../parts/people-picker.tsx';
import { engine, go, say, security, session, useTopic, verification, words } from '../state.ts';

type Open = 'leave' | 'rename' | 'invite' | undefined;

export function Details({ room }: { room: RoomSummary }) {
  const details = useTopic('room', room.roomId);
  const [open, setOpen] = useState<Open>(undefined);
  const title = roomTitle(room, words.value);
  const toggleFavourite = () => void engine.commands.setFavourite(room.roomId, !room.isFavourite);
  return (
    <aside class="pane side-pane" aria-label={say('details')}>
      <header class="bar lined">
        <IconButton icon="close" label={say('close')} onClick={() => go({ name: 'room', roomId: room.roomId })} />
        <h2>{say('details')}</h2>
      </header>
      <div class="scroll">
        <div class="beginning">
          <Avatar id={room.directUserId ?? room.roomId} name={title} uri={room.avatarUrl} size={88} />
          <h1>
            <bdi>{title}</bdi>
          </h1>
          {room.topic !== undefined && <p>{room.topic}</p>}
          <p class="small">
            <Icon name={room.isEncrypted ? 'lock' : 'unlock'} tiny />{' '}
            {say(room.isEncrypted ? 'encryptedExplain' : 'plainExplain')}
          </p>
        </div>
        <section class="section">
          <div class="panel">
            <Action icon="star" label={say('favourite')} isOn={room.isFavourite} onClick={toggleFavourite} />
            {details?.canRename === true && !room.isDirect && (
              <Action icon="edit" label={say('rename')} onClick={() => setOpen('rename')} />
            )}
            {details?.canInvite === true && (
              <Action icon="plus" label={say('invitePeople')} onClick={() => setOpen('invite')} />
            )}
            <Action icon="exit" label={say('leaveChat')} isDanger onClick={() => setOpen('leave')} />
          </div>
        </section>
        {details !== undefined && <People details={details} room={room} />}
      </div>
      <Dialogs room={room} open={open} onClose={() => setOpen(undefined)} />
    </aside>
  );
}

function Action(props: {
  icon: 'star' | 'edit' | 'plus' | 'exit';
  label: string;
  isOn?: boolean;
  isDanger?: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      class={`panel-row ${props.isDanger === true ? 'danger-text' : ''}`}
      onClick={props.onClick}
      {...(props.isOn === undefined ? {} : { 'aria-pressed': props.isOn })}
    >
      <Icon name={props.icon} />
      <span class="grow">{props.label}</span>
      {props.isOn === true && <Icon name="tick" />}
    </button>
  );
}

function Dialogs({ room, open, onClose }: { room: RoomSummary; open: Open; onClose: () => void }) {
  if (open === 'leave') {
    const leave = async () => {
      await engine.commands.leaveRoom(room.roomId);
      go({ name: 'home' });
    };
    return (
      <Confirm
        title={say('leaveChatTitle')}
        text={say('leaveChatText')}
        action={say('leaveChat')}
        isDanger
        onConfirm={() => void leave().catch(() => undefined)}
        onClose={onClose}
      />
    );
  }
  if (open === 'rename') return <RenameDialog room={room} onClose={onClose} />;
  return open === 'invite' ? <InviteDialog room={room} onClose={onClose} /> : null;
}

function RenameDialog({ room, onClose }: { room: RoomSummary; onClose: () => void }) {
  const [name, setName] = useState(room.name ?? '');
  const rename = useAction(async () => {
    await engine.commands.renameRoom(room.roomId, name.trim());
    onClose();
  });
  return (
    <Dialog title={say('rename')} onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          rename.run();
        }}
      >
        <Field label={say('groupName')} value={name} autoFocus onInput={setName} />
        {rename.error !== undefined && <p class="notice-line error">{failureText(rename.error, words.value)}</p>}
        <button type="submit" class="button primary wide" disabled={name.trim() === '' || rename.isBusy}>
          {say('save')}
        </button>
      </form>
    </Dialog>
  );
}

function InviteDialog({ room, onClose }: { room: RoomSummary; onClose: () => void }) {
  const invite = useAction(async (userId: string) => {
    await engine.commands.inviteUser(room.roomId, userId);
    onClose();
  });
  return (
    <Dialog title={say('invitePeople')} onClose={onClose}>
      <PeoplePicker onChoose={(user) => invite.run(user.userId)} />
      {invite.error !== undefined && <p class="notice-line error">{failureText(invite.error, words.value)}</p>}
    </Dialog>
  );
}

const MODERATOR = 50;
const ADMIN = 100;

function rank(member: Member): number {
  return (member.membership === 'join' ? 1e9 : 0) + member.powerLevel;
}

function People({ details, room }: { details: RoomDetails; room: RoomSummary }) {
  const present = details.members
    .filter((member) => member.membership === 'join' || member.membership === 'invite')
    .toSorted((a, b) => rank(b) - rank(a) || words.value.collator.compare(a.name, b.name));
  return (
    <section class="section">
      <h2>{say('peopleCount', { count: present.length })}</h2>
      <div class="panel">
        {present.map((member) => (
          <Person key={member.userId} member={member} details={details} room={room} />
        ))}
      </div>
    </section>
  );
}

/** Whether the user has compared pictures with somebody; asked again when anything about safety changes. */
function useVerified(userId: string): boolean {
  const [isVerified, setVerified] = useState(false);
  const state = security.value;
  const phase = verification.value?.phase;
  useEffect(() => {
    if (userId === session.value.userId) return;
    engine.commands.isUserVerified(userId).then(setVerified, () => undefined);
  }, [userId, state, phase]);
  return isVerified;
}

function Person({ member, details, room }: { member: Member; details: RoomDetails; room: RoomSummary }) {
  const isMe = member.userId === session.value.userId;
  const isVerified = useVerified(member.userId);
  const remove = () => void engine.commands.removeMember(room.roomId, member.userId).catch(() => undefined);
  const verify = () => void engine.commands.startVerification({ userId: member.userId }).catch(() => undefined);
  const role = member.powerLevel >= ADMIN ? 'admin' : member.powerLevel >= MODERATOR ? 'moderator' : undefined;
  return (
    <div class="panel-row">
      <Avatar id={member.userId} name={member.name} uri={member.avatarUrl} size={40} />
      <span class="grow">
        <b class="ellipsis">
          <bdi>{isMe ? `${member.name} (${say('you')})` : member.name}</bdi>
        </b>
        <small class="ellipsis">{member.userId}</small>
      </span>
      {member.membership === 'invite' && <span class="tag">{say('invited')}</span>}
      {role !== undefined && <span class="tag">{say(role)}</span>}
      {isVerified && <span class="tag good">{say('verified')}</span>}
      {!isMe && !isVerified && room.isDirect && member.membership === 'join' && (
        <IconButton icon="shield" label={say('verifyPerson', { name: member.name })} onClick={verify} />
      )}
      {!isMe && details.canRemove && details.ownPowerLevel > member.powerLevel && (
        <IconButton icon="close" label={say('removePerson', { name: member.name })} onClick={remove} />
      )}
    </div>
  );
}

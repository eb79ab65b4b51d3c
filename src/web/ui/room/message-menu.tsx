import { useState } from 'preact/hooks';
import type { TimelineItem } from '../../lib/engine.ts';
import { Confirm, Dialog } from '../parts/controls.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { engine, say } from '../state.ts';
import type { MessageKey } from '../../lib/words.ts';
import type { RoomContext } from './room-context.ts';

const QUICK_REACTIONS = ['👍', '❤️', '😂', '🎉', '😮', '😢'];

function Entry(props: { icon: IconName; label: MessageKey; isDanger?: boolean; onClick: () => void }) {
  return (
    <button type="button" class={props.isDanger === true ? 'danger-text' : ''} onClick={props.onClick}>
      <Icon name={props.icon} />
      {say(props.label)}
    </button>
  );
}

/** What can be done with a message: reactions on top, the rest below. */
export function MessageMenu({
  item,
  context,
  onClose,
}: {
  item: TimelineItem;
  context: RoomContext;
  onClose: () => void;
}) {
  const [isDeleting, setDeleting] = useState(false);
  const { eventId, body } = item;
  if (eventId === undefined) return null;
  const roomId = context.room.roomId;
  const then = (action: () => void) => () => {
    onClose();
    action();
  };
  if (isDeleting) {
    return (
      <Confirm
        title={say('deleteMessageTitle')}
        text={say('deleteMessageText')}
        action={say('delete')}
        isDanger
        onConfirm={() => void engine.commands.redact(roomId, eventId)}
        onClose={onClose}
      />
    );
  }
  const canDelete = (item.isOwn || context.details?.canRedact === true) && body.kind !== 'redacted';
  return (
    <Dialog title={say('messageActions')} sheet onClose={onClose}>
      <div class="quick-reactions">
        {QUICK_REACTIONS.map((key) => (
          <button key={key} type="button" aria-label={key} onClick={then(() => context.toggleReaction(item, key))}>
            {key}
          </button>
        ))}
      </div>
      <div class="menu">
        <Entry icon="reply" label="reply" onClick={then(() => context.startReply(item))} />
        {item.canEdit && <Entry icon="edit" label="edit" onClick={then(() => context.startEdit(item))} />}
        {body.kind === 'text' && (
          <Entry icon="copy" label="copy" onClick={then(() => void navigator.clipboard.writeText(body.text))} />
        )}
        {canDelete && <Entry icon="trash" label="delete" isDanger onClick={() => setDeleting(true)} />}
      </div>
    </Dialog>
  );
}

/** The small cards above the room list that lead to recovery. */
import { useSignal } from '@preact/signals';
import { overlay, rooms, say, security } from '../state.ts';

const dismissed = new Set<string>();

/** What somebody has said, as against what has only happened in a room. */
const SAID: ReadonlySet<string> = new Set(['text', 'image', 'video', 'audio', 'file', 'redacted']);

/** After the first chat a quiet reminder, until the card is kept. */
export function RecoveryCard() {
  const isLater = useSignal(dismissed.has('recovery'));
  const hasChats = (rooms.value ?? []).some((room) => SAID.has(room.lastEvent?.preview.kind ?? ''));
  if (!security.value.recoveryKeyUnsaved || isLater.value || !hasChats) return null;
  return (
    <section class="card">
      <h2>{say('recoveryCardTitle')}</h2>
      <p class="small quiet">{say('recoveryCardText')}</p>
      <div class="card-actions">
        <button
          type="button"
          class="button plain"
          onClick={() => {
            dismissed.add('recovery');
            isLater.value = true;
          }}
        >
          {say('later')}
        </button>
        <button type="button" class="button primary" onClick={() => (overlay.value = 'recovery')}>
          {say('showCard')}
        </button>
      </div>
    </section>
  );
}

/** Whether this device still lacks what the account has. */
export function needsUnlock(): boolean {
  const { ready, crossSigningExists, deviceVerified } = security.value;
  return ready && crossSigningExists && !deviceVerified;
}

/** On a device that cannot read the history: one card, one dialog, no loop. */
export function UnlockCard() {
  if (!needsUnlock()) return null;
  return (
    <section class="card">
      <h2>{say('newDeviceTitle')}</h2>
      <div class="card-actions">
        <button type="button" class="button primary" onClick={() => (overlay.value = 'unlock')}>
          {say('unlockHistory')}
        </button>
      </div>
    </section>
  );
}

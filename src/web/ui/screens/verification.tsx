import { useSignal } from '@preact/signals';
import type { Verification } from '../../lib/engine.ts';
import { Dialog, useAction } from '../parts/controls.tsx';
import { Icon } from '../parts/icon.tsx';
import { engine, rooms, say, verification, words } from '../state.ts';
import { emojiName } from '../../lib/sas-names.ts';

function nameOf(userId: string): string {
  const room = rooms.value?.find((one) => one.directUserId === userId);
  return room?.heroNames[0] ?? userId;
}

/** Comparing pictures: whatever screen is open, the dialog of the running flow lies over it. */
export function VerificationDialog() {
  const closedFlow = useSignal('');
  const flow = verification.value;
  const act = useAction(async (step: 'accept' | 'confirm' | 'cancel') => {
    if (flow === null) return;
    const { userId, flowId } = flow;
    if (step === 'accept') await engine.commands.acceptVerification(userId, flowId);
    else if (step === 'confirm') await engine.commands.confirmVerification(userId, flowId);
    else await engine.commands.cancelVerification(userId, flowId);
  });
  if (flow === null || closedFlow.value === flow.flowId) return null;
  const isOver = flow.phase === 'done' || flow.phase === 'cancelled';
  const close = () => {
    closedFlow.value = flow.flowId;
    if (!isOver) act.run('cancel');
  };
  return (
    <Dialog title={say('verifyTitle')} onClose={close}>
      <Body flow={flow} />
      <div class="dialog-actions">
        {flow.phase === 'requested' && (
          <>
            <button type="button" class="button" onClick={close}>
              {say('decline')}
            </button>
            <button type="button" class="button primary" disabled={act.isBusy} onClick={() => act.run('accept')}>
              {say('accept')}
            </button>
          </>
        )}
        {flow.phase === 'compare' && (
          <>
            <button type="button" class="button" disabled={act.isBusy} onClick={() => act.run('cancel')}>
              {say('verifyNoMatch')}
            </button>
            <button type="button" class="button primary" disabled={act.isBusy} onClick={() => act.run('confirm')}>
              {say('verifyMatch')}
            </button>
          </>
        )}
        {isOver && (
          <button type="button" class="button primary" onClick={close}>
            {say('done')}
          </button>
        )}
      </div>
    </Dialog>
  );
}

function Body({ flow }: { flow: Verification }) {
  const name = nameOf(flow.userId);
  switch (flow.phase) {
    case 'requested':
      return <p>{say(flow.isSelf ? 'verifyRequestSelf' : 'verifyRequestOther', { name })}</p>;
    case 'waiting':
      return <Waiting text={say(flow.isSelf && flow.weStarted ? 'verifyWaitingSelf' : 'verifyWaiting')} />;
    case 'compare':
      return (
        <>
          <p class="quiet">{say('verifyCompare')}</p>
          <div class="emojis">
            {flow.emojis.map((emoji, at) => (
              <div key={at}>
                <span aria-hidden="true">{emoji.symbol}</span>
                {emojiName(emoji, words.value.language)}
              </div>
            ))}
          </div>
        </>
      );
    case 'confirmed':
      return <Waiting text={say('verifyConfirmed')} />;
    case 'done':
      return (
        <Outcome
          icon="shield"
          title={say('verifyDone')}
          text={say(flow.isSelf ? 'verifyDoneSelf' : 'verifyDoneOther', { name })}
        />
      );
    case 'cancelled':
      return <Outcome icon="alert" title={say('verifyCancelled')} text={say('verifyCancelledText')} />;
  }
}

function Waiting({ text }: { text: string }) {
  return (
    <div class="empty" role="status">
      <span class="spinner" />
      <p>{text}</p>
    </div>
  );
}

function Outcome({ icon, title, text }: { icon: 'shield' | 'alert'; title: string; text: string }) {
  return (
    <div class="empty" role="status">
      <Icon name={icon} />
      <h2>{title}</h2>
      <p>{text}</p>
    </div>
  );
}

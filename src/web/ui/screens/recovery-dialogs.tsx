/** The recovery card, and the one screen of a new device. */
import { useEffect, useState } from 'preact/hooks';
import { encode } from 'uqr';
import { failureText } from '../../lib/describe.ts';
import { Dialog, Field, useAction } from '../parts/controls.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { PasswordDialog } from '../parts/password-dialog.tsx';
import { engine, say, session, words } from '../state.ts';

/** The key as a QR code that any camera reads back as text. */
function QrCode({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 0 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR" shape-rendering="crispEdges">
      <path d={path} />
    </svg>
  );
}

export function RecoveryDialog({ onClose }: { onClose: () => void }) {
  const [key, setKey] = useState<string | null>(null);
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    engine.commands.showRecoveryKey().then(setKey, () => undefined);
  }, []);
  const save = useAction(async () => {
    await engine.commands.confirmRecoveryKeySaved();
    onClose();
  });
  if (key === null) return null;
  const copy = () => void navigator.clipboard.writeText(key).then(() => setCopied(true));
  return (
    <Dialog title={say('recoveryTitle')} onClose={onClose}>
      <p class="quiet">{say('recoveryText')}</p>
      <QrCode text={key} />
      <p class="recovery-key" dir="ltr">
        {key}
      </p>
      <p class="small quiet">
        {say('account')}: <bdi>{session.value.userId}</bdi>
      </p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={copy}>
          {say(isCopied ? 'copied' : 'copyKey')}
        </button>
        <button type="button" class="button" onClick={() => print()}>
          {say('print')}
        </button>
      </div>
      <button type="button" class="button primary wide" disabled={save.isBusy} onClick={() => save.run()}>
        {say('iSavedIt')}
      </button>
    </Dialog>
  );
}

function Choice(props: { icon: IconName; title: string; text: string; onClick: () => void }) {
  return (
    <button type="button" class="choice" onClick={props.onClick}>
      <Icon name={props.icon} />
      <span>
        <b>{props.title}</b>
        <span class="small quiet">{props.text}</span>
      </span>
      <Icon name="forward" />
    </button>
  );
}

export function UnlockDialog({ onClose }: { onClose: () => void }) {
  const [way, setWay] = useState<'choose' | 'key' | 'fresh'>('choose');
  const verify = useAction(async () => {
    await engine.commands.startVerification({ userId: session.value.userId ?? '' });
    onClose();
  });
  if (way === 'key') return <KeyDialog onClose={onClose} />;
  if (way === 'fresh') return <FreshDialog onClose={onClose} />;
  return (
    <Dialog title={say('newDeviceTitle')} onClose={onClose}>
      <p class="quiet">{say('newDeviceText')}</p>
      <Choice
        icon="devices"
        title={say('useOtherDevice')}
        text={say('useOtherDeviceText')}
        onClick={() => verify.run()}
      />
      <Choice icon="key" title={say('useRecoveryKey')} text={say('useRecoveryKeyText')} onClick={() => setWay('key')} />
      <Choice icon="spark" title={say('startFresh')} text={say('startFreshText')} onClick={() => setWay('fresh')} />
      {verify.error !== undefined && <p class="notice-line error">{failureText(verify.error, words.value)}</p>}
    </Dialog>
  );
}

function KeyDialog({ onClose }: { onClose: () => void }) {
  const [key, setKey] = useState('');
  const [isWrong, setWrong] = useState(false);
  const unlock = useAction(async () => {
    const opened = await engine.commands.unlock(key);
    setWrong(!opened);
    if (opened) onClose();
  });
  return (
    <Dialog title={say('useRecoveryKey')} onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          unlock.run();
        }}
      >
        <Field
          label={say('recoveryKey')}
          value={key}
          error={isWrong ? say('recoveryKeyWrong') : undefined}
          autoFocus
          onInput={setKey}
        />
        {unlock.error !== undefined && <p class="notice-line error">{failureText(unlock.error, words.value)}</p>}
        <button type="submit" class="button primary wide" disabled={key.trim() === '' || unlock.isBusy}>
          {say(unlock.isBusy ? 'unlocking' : 'unlock')}
        </button>
      </form>
    </Dialog>
  );
}

function FreshDialog({ onClose }: { onClose: () => void }) {
  return (
    <PasswordDialog
      title={say('startFresh')}
      confirmLabel={say('confirm')}
      onConfirm={(password) => engine.commands.resetRecovery(password)}
      onClose={onClose}
    >
      <p class="notice-line error">{say('startFreshWarning')}</p>
    </PasswordDialog>
  );
}

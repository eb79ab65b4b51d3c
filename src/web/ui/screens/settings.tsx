import { useEffect, useState } from 'preact/hooks';
import { failureText } from '../../lib/describe.ts';
import type { OwnDevice } from '../../lib/engine.ts';
import { LANGUAGES, type Language } from '../../lib/words.ts';
import { Avatar, Confirm, Field, IconButton, useAction } from '../parts/controls.tsx';
import { Icon } from '../parts/icon.tsx';
import { PasswordDialog } from '../parts/password-dialog.tsx';
import { connection, engine, go, now, overlay, say, security, session, setLanguage, theme, words } from '../state.ts';
import { lazy } from '../parts/lazy.tsx';
import { needsUnlock } from './recovery.tsx';

const Routes = lazy(() => import('./routes.tsx').then((module) => module.Routes));

export function Settings() {
  return (
    <section class="pane main-pane" id="main" tabIndex={-1} aria-label={say('settings')}>
      <header class="bar lined">
        <IconButton icon="back" label={say('back')} onClick={() => go({ name: 'home' })} />
        <h1 class="bar-heading">{say('settings')}</h1>
      </header>
      <div class="scroll">
        <div class="narrow">
          <Profile />
          <Appearance />
          <RecoverySection />
          <Devices />
          <Routes />
          <SignOut />
        </div>
      </div>
    </section>
  );
}

function Profile() {
  const { userId = '', displayName = '', avatarUrl } = session.value;
  const [name, setName] = useState(displayName);
  useEffect(() => setName(displayName), [displayName]);
  const save = useAction(() => engine.commands.setDisplayName(name.trim()));
  const isChanged = name.trim() !== '' && name.trim() !== displayName;
  return (
    <section class="section">
      <div class="beginning">
        <Avatar id={userId} name={displayName || userId} uri={avatarUrl} size={88} />
        <bdi class="small">{userId}</bdi>
      </div>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          save.run();
        }}
      >
        <Field label={say('displayName')} value={name} autoComplete="name" onInput={setName} />
        {isChanged && (
          <button type="submit" class="button primary" disabled={save.isBusy}>
            {say('save')}
          </button>
        )}
        {save.error !== undefined && <p class="notice-line error">{failureText(save.error, words.value)}</p>}
      </form>
    </section>
  );
}

const LANGUAGE_NAMES: { readonly [L in Language]: string } = { en: 'English', 'zh-Hans': '简体中文' };

function Appearance() {
  const themes = [
    ['system', 'themeSystem'],
    ['light', 'themeLight'],
    ['dark', 'themeDark'],
  ] as const;
  return (
    <section class="section">
      <h2>{say('appearance')}</h2>
      <div class="segments" role="group" aria-label={say('theme')}>
        {themes.map(([value, key]) => (
          <button key={value} type="button" aria-pressed={theme.value === value} onClick={() => (theme.value = value)}>
            {say(key)}
          </button>
        ))}
      </div>
      <div class="segments" role="group" aria-label={say('languageLabel')}>
        {LANGUAGES.map((one) => (
          <button
            key={one}
            type="button"
            lang={one}
            aria-pressed={words.value.language === one}
            onClick={() => void setLanguage(one)}
          >
            {LANGUAGE_NAMES[one]}
          </button>
        ))}
      </div>
    </section>
  );
}

function RecoverySection() {
  const { ready, backup, recoveryKeyUnsaved } = security.value;
  const text =
    !ready && !connection.value.cryptoReady ? 'cryptoLoading' : backup === 'on' ? 'recoveryOn' : 'recoveryOff';
  return (
    <section class="section">
      <h2>{say('recovery')}</h2>
      <div class="panel">
        <div class="panel-row">
          <Icon name="key" />
          <span class="grow">{say(text)}</span>
        </div>
        {recoveryKeyUnsaved && (
          <button type="button" class="panel-row" onClick={() => (overlay.value = 'recovery')}>
            <span class="grow">{say('showCard')}</span>
            <Icon name="forward" />
          </button>
        )}
        {needsUnlock() && (
          <button type="button" class="panel-row" onClick={() => (overlay.value = 'unlock')}>
            <span class="grow">{say('unlockHistory')}</span>
            <Icon name="forward" />
          </button>
        )}
      </div>
    </section>
  );
}

function Devices() {
  const [devices, setDevices] = useState<readonly OwnDevice[]>([]);
  const [leaving, setLeaving] = useState<OwnDevice | undefined>(undefined);
  const state = security.value;
  const load = () => void engine.commands.listDevices().then(setDevices, () => undefined);
  useEffect(load, [state]);
  const sorted = devices.toSorted(
    (a, b) => Number(b.isCurrent) - Number(a.isCurrent) || (b.lastSeenMs ?? 0) - (a.lastSeenMs ?? 0),
  );
  return (
    <section class="section">
      <h2>{say('devices')}</h2>
      <div class="panel">
        {sorted.map((device) => (
          <DeviceRow key={device.deviceId} device={device} onRemove={() => setLeaving(device)} />
        ))}
      </div>
      {leaving !== undefined && (
        <RemoveDialog
          device={leaving}
          onClose={() => {
            setLeaving(undefined);
            load();
          }}
        />
      )}
    </section>
  );
}

function DeviceRow({ device, onRemove }: { device: OwnDevice; onRemove: () => void }) {
  const { deviceId, isCurrent, isVerified, lastSeenMs } = device;
  const verify = () =>
    void engine.commands.startVerification({ userId: session.value.userId ?? '', deviceId }).catch(() => undefined);
  const seen = lastSeenMs === undefined ? '' : say('lastSeen', { time: words.value.shortTime(lastSeenMs, now.value) });
  return (
    <div class="panel-row">
      <Icon name="devices" />
      <span class="grow">
        <b class="ellipsis">{device.displayName ?? deviceId}</b>
        <small>{isCurrent ? say('thisDevice') : seen}</small>
      </span>
      <span class={`tag ${isVerified ? 'good' : 'warn'}`}>{say(isVerified ? 'verified' : 'notVerified')}</span>
      {!isCurrent && !isVerified && device.supportsEncryption && (
        <IconButton icon="shield" label={say('verify')} onClick={verify} />
      )}
      {!isCurrent && <IconButton icon="exit" label={say('signOutDevice')} onClick={onRemove} />}
    </div>
  );
}

function RemoveDialog({ device, onClose }: { device: OwnDevice; onClose: () => void }) {
  return (
    <PasswordDialog
      title={say('signOutDevice')}
      confirmLabel={say('signOutDevice')}
      onConfirm={(password) => engine.commands.removeDevice(device.deviceId, password)}
      onClose={onClose}
    >
      <p class="quiet">{device.displayName ?? device.deviceId}</p>
    </PasswordDialog>
  );
}

function SignOut() {
  const [isAsking, setAsking] = useState(false);
  const signOut = async () => {
    await engine.commands.signOut();
    go({ name: 'home' });
  };
  return (
    <section class="section">
      <button type="button" class="button wide danger-text" onClick={() => setAsking(true)}>
        {say('signOut')}
      </button>
      {isAsking && (
        <Confirm
          title={say('signOutTitle')}
          text={say('signOutText')}
          action={say('signOut')}
          isDanger
          onConfirm={() => void signOut().catch(() => undefined)}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}

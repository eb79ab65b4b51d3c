/** Invitation → name → chatting; the same steps set up the first account of a new server. */
import { useEffect, useState } from 'preact/hooks';
import { failureText } from '../../lib/describe.ts';
import { nameOfUser } from '../../lib/engine.ts';
import type { Route } from '../../lib/route.ts';
import { deviceName } from '../device-name.ts';
import { Avatar, Field, IconButton, useAction } from '../parts/controls.tsx';
import { Gate } from '../parts/icon.tsx';
import { engine, say, words } from '../state.ts';
import { Welcome } from './welcome.tsx';

type Entry = Extract<Route, { name: 'invite' | 'setup' }>;

const PASSWORD_LENGTH_MIN = 8;

function inviterOf(entry: Entry): string | undefined {
  if (entry.name === 'setup') return undefined;
  return entry.by ?? (entry.from === undefined ? undefined : nameOfUser(entry.from));
}

function titleOf(entry: Entry): string {
  if (entry.name === 'setup') return say('setupTitle');
  const name = inviterOf(entry);
  if (name === undefined) return say('inviteTitlePlain');
  return entry.roomName === undefined
    ? say('inviteTitle', { name })
    : say('inviteTitleRoom', { name, room: entry.roomName });
}

export function Invite({ entry }: { entry: Entry }) {
  const [step, setStep] = useState<'hello' | 'name' | 'sign-in'>('hello');
  const [isValid, setValid] = useState<boolean | undefined>(undefined);
  useEffect(() => {
    engine.commands.isTokenValid(entry.token).then(setValid, () => setValid(undefined));
  }, [entry.token]);
  if (step === 'sign-in') return <Welcome onBack={() => setStep('hello')} />;
  if (step === 'name') return <NameForm entry={entry} onBack={() => setStep('hello')} />;
  const inviter = inviterOf(entry);
  return (
    <main class="entry">
      <div class="entry-card">
        <div class="entry-head">
          {entry.name === 'invite' && inviter !== undefined ? (
            <Avatar id={entry.from ?? inviter} name={inviter} size={88} />
          ) : (
            <Gate />
          )}
          <h1>{isValid === false ? say('inviteInvalid') : titleOf(entry)}</h1>
          <p class="quiet">
            {say(isValid === false ? 'inviteInvalidText' : entry.name === 'setup' ? 'setupText' : 'inviteText')}
          </p>
        </div>
        {isValid !== false && (
          <button type="button" class="button primary wide" onClick={() => setStep('name')}>
            {say(entry.name === 'setup' ? 'start' : 'join')}
          </button>
        )}
        <button type="button" class="button plain" onClick={() => setStep('sign-in')}>
          {say('alreadyHaveAccount')}
        </button>
      </div>
    </main>
  );
}

/** A free user name for the name that was typed, until the person writes one of their own. */
function useUserName(displayName: string) {
  const [userName, setUserName] = useState('');
  const [isOwn, setOwn] = useState(false);
  useEffect(() => {
    if (isOwn || displayName.trim() === '') return undefined;
    let isCurrent = true;
    const timer = setTimeout(() => {
      engine.commands.suggestUserName(displayName).then(
        (name) => isCurrent && setUserName(name),
        () => undefined,
      );
    }, 250);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [displayName, isOwn]);
  const choose = (name: string) => {
    setOwn(name !== '');
    setUserName(name.toLowerCase());
  };
  return { userName, choose };
}

function NameForm({ entry, onBack }: { entry: Entry; onBack: () => void }) {
  const [displayName, setDisplayName] = useState('');
  const [password, setPassword] = useState('');
  const { userName, choose } = useUserName(displayName);
  const create = useAction(() =>
    engine.commands.register({
      displayName: displayName.trim(),
      userName,
      password,
      token: entry.token,
      deviceName: deviceName(),
    }),
  );
  const isShort = password !== '' && password.length < PASSWORD_LENGTH_MIN;
  const isReady = displayName.trim() !== '' && userName !== '' && password.length >= PASSWORD_LENGTH_MIN;
  return (
    <main class="entry">
      <div class="entry-card">
        <div>
          <IconButton icon="back" label={say('back')} onClick={onBack} />
        </div>
        <h1>{say('nameTitle')}</h1>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady && !create.isBusy) create.run();
          }}
        >
          <Field
            label={say('displayName')}
            value={displayName}
            autoComplete="name"
            autoFocus
            onInput={setDisplayName}
          />
          <Field
            label={say('userName')}
            value={userName}
            hint={say('userNameHint')}
            autoComplete="username"
            onInput={choose}
          />
          <Field
            label={say('choosePassword')}
            type="password"
            value={password}
            hint={say('passwordHint')}
            error={isShort ? say('passwordTooShort') : undefined}
            autoComplete="new-password"
            onInput={setPassword}
          />
          {create.error !== undefined && (
            <p class="notice-line error" role="alert">
              {failureText(create.error, words.value, 'inviteInvalid')}
            </p>
          )}
          <button type="submit" class="button primary wide" disabled={!isReady || create.isBusy}>
            {say(create.isBusy ? 'creatingAccount' : 'createAccount')}
          </button>
        </form>
      </div>
    </main>
  );
}

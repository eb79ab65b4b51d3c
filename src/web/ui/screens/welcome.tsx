import { useState } from 'preact/hooks';
import { failureText } from '../../lib/describe.ts';
import { Field, useAction } from '../parts/controls.tsx';
import { PasteInvite } from '../parts/paste-invite.tsx';
import { Gate } from '../parts/icon.tsx';
import { engine, say, session, words } from '../state.ts';
import { deviceName } from '../device-name.ts';

/** Sign-in, for somebody who has an account. */
export function Welcome({ onBack }: { onBack?: (() => void) | undefined }) {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useAction(() => engine.commands.signIn({ user: user.trim(), password, deviceName: deviceName() }));
  const isReady = user.trim() !== '' && password !== '' && !signIn.isBusy;
  return (
    <main class="entry">
      <div class="entry-card">
        <div class="entry-head">
          <Gate />
          <h1>{say('welcomeTitle')}</h1>
          <p class="quiet">{say('welcomeText')}</p>
        </div>
        {session.value.wasSignedOut === true && <p class="notice-line">{say('signedOutElsewhere')}</p>}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady) signIn.run();
          }}
        >
          <Field label={say('userName')} value={user} autoComplete="username" autoFocus onInput={setUser} />
          <Field
            label={say('password')}
            type="password"
            value={password}
            autoComplete="current-password"
            onInput={setPassword}
          />
          {signIn.error !== undefined && (
            <p class="notice-line error" role="alert">
              {failureText(signIn.error, words.value, 'signInRefused')}
            </p>
          )}
          <button type="submit" class="button primary wide" disabled={!isReady}>
            {say(signIn.isBusy ? 'signingIn' : 'signIn')}
          </button>
        </form>
        {onBack === undefined ? (
          <PasteInvite />
        ) : (
          <button type="button" class="button plain" onClick={onBack}>
            {say('back')}
          </button>
        )}
      </div>
    </main>
  );
}

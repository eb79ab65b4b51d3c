import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { failureText } from '../../lib/describe.ts';
import { say, words } from '../state.ts';
import { Dialog, Field, useAction } from './controls.tsx';

interface PasswordDialogProps {
  readonly title: string;
  readonly confirmLabel: string;
  /** What is about to happen. */
  readonly children: ComponentChildren;
  readonly onConfirm: (password: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Asks for the password before something that cannot be taken back. */
export function PasswordDialog({ title, confirmLabel, children, onConfirm, onClose }: PasswordDialogProps) {
  const [password, setPassword] = useState('');
  const confirm = useAction(async () => {
    await onConfirm(password);
    onClose();
  });
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          confirm.run();
        }}
      >
        <Field
          label={say('passwordNeeded')}
          type="password"
          value={password}
          autoComplete="current-password"
          autoFocus
          onInput={setPassword}
        />
        {confirm.error !== undefined && (
          <p class="notice-line error">{failureText(confirm.error, words.value, 'signInRefused')}</p>
        )}
        <button type="submit" class="button danger wide" disabled={password === '' || confirm.isBusy}>
          {confirmLabel}
        </button>
      </form>
    </Dialog>
  );
}

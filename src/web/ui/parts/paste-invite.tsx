/** Where an invite can be pasted: for whoever got it as text, or has no address that a link could open. */
import { useState } from 'preact/hooks';
import { parseRoute } from '../../lib/route.ts';
import { go, say } from '../state.ts';
import { Field } from './controls.tsx';

export function PasteInvite() {
  const [text, setText] = useState('');
  const packed = text.replace(/\s+/g, '');
  const mark = packed.indexOf('#i=');
  const route = parseRoute(`#i=${mark < 0 ? packed : packed.slice(mark + 3)}`);
  const isInvite = route.name === 'invitation';
  return (
    <form
      class="dialog-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isInvite) go(route);
      }}
    >
      <Field
        label={say('pasteInvite')}
        value={text}
        hint={say('haveInvite')}
        error={packed !== '' && !isInvite ? say('inviteUnreadable') : undefined}
        autoComplete="off"
        onInput={setText}
      />
      {isInvite && (
        <button type="submit" class="button wide">
          {say('join')}
        </button>
      )}
    </form>
  );
}

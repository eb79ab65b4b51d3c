import { useState } from 'preact/hooks';
import { failureText } from '../../lib/describe.ts';
import type { FoundUser } from '../../lib/engine.ts';
import { Field, IconButton, useAction } from '../parts/controls.tsx';
import { Icon } from '../parts/icon.tsx';
import { nameOfFound, PeoplePicker } from '../parts/people-picker.tsx';
import { engine, go, say, words } from '../state.ts';

/** A chat with one person, or a group with several. */
export function NewChat() {
  const [isGroup, setGroup] = useState(false);
  return (
    <section class="pane main-pane" id="main" tabIndex={-1} aria-label={say('newChatTitle')}>
      <header class="bar lined">
        <IconButton
          icon="back"
          label={say('back')}
          onClick={() => (isGroup ? setGroup(false) : go({ name: 'home' }))}
        />
        <h1 class="bar-heading">{say(isGroup ? 'newGroup' : 'newChatTitle')}</h1>
      </header>
      <div class="scroll">
        <div class="section narrow">{isGroup ? <GroupForm /> : <DirectForm onGroup={() => setGroup(true)} />}</div>
      </div>
    </section>
  );
}

function DirectForm({ onGroup }: { onGroup: () => void }) {
  const create = useAction(async (user: FoundUser) => {
    go({ name: 'room', roomId: await engine.commands.createDirect(user.userId) });
  });
  return (
    <>
      <button type="button" class="choice" onClick={onGroup}>
        <Icon name="people" />
        <span>
          <b>{say('newGroup')}</b>
        </span>
        <Icon name="forward" />
      </button>
      <PeoplePicker onChoose={(user) => !create.isBusy && create.run(user)} />
      {create.isBusy && <p class="small quiet">{say('creating')}</p>}
      {create.error !== undefined && <p class="notice-line error">{failureText(create.error, words.value)}</p>}
    </>
  );
}

function GroupForm() {
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<ReadonlyMap<string, FoundUser>>(new Map());
  const create = useAction(async () => {
    const request = { name: name.trim(), userIds: [...chosen.keys()] };
    go({ name: 'room', roomId: await engine.commands.createGroup(request) });
  });
  const toggle = (user: FoundUser) => {
    const next = new Map(chosen);
    if (!next.delete(user.userId)) next.set(user.userId, user);
    setChosen(next);
  };
  return (
    <>
      <Field label={say('groupName')} value={name} autoFocus onInput={setName} />
      <h2 class="small quiet">{say('groupMembers')}</h2>
      {chosen.size > 0 && (
        <div class="chips">
          {[...chosen.values()].map((user) => (
            <button key={user.userId} type="button" class="chip" aria-pressed="true" onClick={() => toggle(user)}>
              <bdi>{nameOfFound(user)}</bdi> ✕
            </button>
          ))}
        </div>
      )}
      <PeoplePicker chosen={new Set(chosen.keys())} onChoose={toggle} />
      {create.error !== undefined && <p class="notice-line error">{failureText(create.error, words.value)}</p>}
      <button
        type="button"
        class="button primary wide"
        disabled={name.trim() === '' || create.isBusy}
        onClick={() => create.run()}
      >
        {say(create.isBusy ? 'creating' : 'createGroup')}
      </button>
    </>
  );
}

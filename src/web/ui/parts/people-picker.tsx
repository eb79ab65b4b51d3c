import { useEffect, useState } from 'preact/hooks';
import type { FoundUser } from '../../lib/engine.ts';
import { engine, say } from '../state.ts';
import { Avatar, SearchBox } from './controls.tsx';

const TERM_LENGTH_MIN = 2;

/** The people a term finds; waits until the typing pauses. */
function usePeople(term: string): readonly FoundUser[] | undefined {
  const [found, setFound] = useState<readonly FoundUser[] | undefined>(undefined);
  useEffect(() => {
    if ([...term.trim()].length < TERM_LENGTH_MIN) {
      setFound(undefined);
      return undefined;
    }
    let isCurrent = true;
    const timer = setTimeout(() => {
      engine.commands.searchUsers(term.trim()).then(
        (users) => isCurrent && setFound(users),
        () => isCurrent && setFound([]),
      );
    }, 200);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [term]);
  return found;
}

export function nameOfFound(user: FoundUser): string {
  return user.name ?? user.userId;
}

/** Search for people, and choose one. */
export function PeoplePicker(props: { chosen?: ReadonlySet<string>; onChoose: (user: FoundUser) => void }) {
  const [term, setTerm] = useState('');
  const found = usePeople(term);
  return (
    <>
      <SearchBox label={say('searchPeople')} value={term} autoFocus onInput={setTerm} />
      {found === undefined && <p class="small quiet">{say('searchPeopleHint')}</p>}
      {found?.length === 0 && <p class="small quiet">{say('nobodyFound')}</p>}
      {found !== undefined && found.length > 0 && (
        <div class="panel">
          {found.map((user) => (
            <button key={user.userId} type="button" class="panel-row" onClick={() => props.onChoose(user)}>
              <Avatar id={user.userId} name={nameOfFound(user)} uri={user.avatarUrl} size={40} />
              <span class="grow">
                <b class="ellipsis">
                  <bdi>{nameOfFound(user)}</bdi>
                </b>
                <small class="ellipsis">{user.userId}</small>
              </span>
              {props.chosen !== undefined && (
                <span class={`check ${props.chosen.has(user.userId) ? 'on' : ''}`}>✓</span>
              )}
            </button>
          ))}
        </div>
      )}
    </>
  );
}

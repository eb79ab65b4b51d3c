/** An invite that the engine has to read first: it holds the ways to the server, and may be none at all. */
import { useEffect, useState } from 'preact/hooks';
import type { Route } from '../../lib/route.ts';
import { PasteInvite } from '../parts/paste-invite.tsx';
import { Gate } from '../parts/icon.tsx';
import { engine, say } from '../state.ts';
import { Invite } from './invite.tsx';

type Entry = Extract<Route, { name: 'invite' }>;

/** What an invite leads to; its routes are known to the engine from then on. */
export async function openInvitation(text: string): Promise<Entry & { readonly isExpired: boolean }> {
  const { token, inviter, roomId, isExpired } = await engine.commands.openInvite(text);
  return {
    name: 'invite',
    token,
    isExpired,
    ...(inviter !== undefined && { from: inviter }),
    ...(roomId !== undefined && { room: roomId }),
  };
}

export function Invitation({ text }: { text: string }) {
  const [entry, setEntry] = useState<Entry | 'unreadable' | undefined>(undefined);
  useEffect(() => {
    setEntry(undefined);
    openInvitation(text).then(setEntry, () => setEntry('unreadable'));
  }, [text]);
  if (entry !== undefined && entry !== 'unreadable') return <Invite entry={entry} />;
  return (
    <main class="entry" aria-busy={entry === undefined}>
      <div class="entry-card">
        <div class="entry-head">
          <Gate />
          <p class="quiet">{say(entry === undefined ? 'inviteReading' : 'inviteUnreadable')}</p>
        </div>
        {entry === 'unreadable' && <PasteInvite />}
      </div>
    </main>
  );
}

import { engine, say } from '../state.ts';
import { nameIn, type RoomContext } from './room-context.ts';

/** In the composer's place while somebody whom the user has verified shows another identity. */
export function IdentityChanged({ context, userId }: { context: RoomContext; userId: string }) {
  const name = nameIn(context, userId);
  const compare = () => void engine.commands.startVerification({ userId }).catch(() => undefined);
  const accept = () => void engine.commands.acceptIdentity(userId).catch(() => undefined);
  return (
    <footer class="composer">
      <section class="card identity-changed" role="alert">
        <h2>{say('identityChangedTitle', { name })}</h2>
        <p class="small">{say('identityChangedText', { name })}</p>
        <div class="card-actions">
          <button type="button" class="button plain" onClick={accept}>
            {say('identityAccept')}
          </button>
          {context.room.isDirect && (
            <button type="button" class="button primary" onClick={compare}>
              {say('identityCompare')}
            </button>
          )}
        </div>
      </section>
    </footer>
  );
}

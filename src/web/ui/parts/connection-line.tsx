import { connection, say } from '../state.ts';

/** One line about the connection, only when there is something to tell. */
export function ConnectionLine() {
  const { connection: state, isCurrent, waitingCount } = connection.value;
  if (state === 'online' && isCurrent) return null;
  const offline = waitingCount > 0 ? say('offlineWaiting', { count: waitingCount }) : say('offline');
  return (
    <p class="connection-line" role="status">
      {state !== 'offline' && <span class="spinner icon tiny" />}
      {state === 'offline' ? offline : say('connecting')}
    </p>
  );
}

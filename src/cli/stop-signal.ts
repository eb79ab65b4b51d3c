import type { Run } from './command.ts';

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function stopSignal(run: Run): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (): void => {
      if (stopping) process.exit(130);
      stopping = true;
      if (!run.arguments.json) console.log(`${run.texts.serveStopping} ${run.texts.serveAgain}`);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

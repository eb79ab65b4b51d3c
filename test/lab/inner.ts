/** Runs inside, starts a program that would go on for ever, and goes on itself. */
import { spawn } from 'node:child_process';
import { endWithParent } from '../../src/lab/namespaces/enter.ts';

endWithParent();
spawn('sleep', ['1000'], { stdio: 'inherit', detached: true });
process.send?.(process.pid);
setInterval(() => undefined, 1_000);

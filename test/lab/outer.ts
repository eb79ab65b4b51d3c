/** Enters namespaces, says so when something runs there, and waits. */
import { fileURLToPath } from 'node:url';
import { enter } from '../../src/lab/namespaces/enter.ts';

const child = enter(fileURLToPath(new URL('./inner.ts', import.meta.url)), []);
child.on('message', () => console.log('inside'));

/** What this machine can do of the lab. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { enter, namespaceObstacle } from '../namespaces/enter.ts';
import { browserObstacle } from '../scenario/driver.ts';
import type { CrossCheck } from './cross-check.ts';

export interface LabFacts {
  /** Why namespaces, or a browser, cannot be used; absent where they can. */
  readonly namespaces: string | undefined;
  readonly browser: string | undefined;
  readonly crossCheck: CrossCheck | undefined;
}

/** Looks, and holds the lab's lines against the kernel's. */
export async function checkLab(): Promise<LabFacts> {
  const namespaces = namespaceObstacle();
  const crossCheck = namespaces === undefined ? await measureInside() : undefined;
  return { namespaces, browser: await browserObstacle(), crossCheck };
}

async function measureInside(): Promise<CrossCheck | undefined> {
  const child = enter(fileURLToPath(siblingUrl(import.meta.url, 'check-worker')), []);
  let found: CrossCheck | undefined;
  child.on('message', (check: CrossCheck) => {
    found = check;
  });
  await once(child, 'exit');
  return found;
}

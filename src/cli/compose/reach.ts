/** Asking back over links: what this node answers its peers, and what it asks them for `postern doctor`. */
import path from 'node:path';
import { CertificateFolder } from '../../deploy/certificates/folder.ts';
import { answerReach, REACH } from '../../deploy/reach/ask.ts';
import { ReachDesk } from '../../deploy/reach/desk.ts';
import type { Links } from '../../link/index.ts';
import type { PrivateTexts } from '../../ports/certificates.ts';
import type { Context } from '../../server/context.ts';
import type { Config } from '../config/schema.ts';
import type { LinkDoors } from './links.ts';

export interface ReachOptions {
  readonly config: Config;
  readonly dataDir: string;
  readonly links: Links | undefined;
  readonly doors: LinkDoors;
  readonly parts: Pick<Context, 'clock' | 'log'>;
}

/** Where questions and answers lie. */
export function reachTexts(dataDir: string): PrivateTexts {
  return new CertificateFolder(path.join(dataDir, 'reach'));
}

/** Opens the door for peers that ask, and looks for questions to them; nothing where there are no links. */
export function openReach({ config, dataDir, links, doors, parts }: ReachOptions): ReachDesk | undefined {
  if (links === undefined) return undefined;
  doors.open(REACH, (stream) => void answerReach(stream, links.seenAt(stream.peer), parts.clock));
  const desk = new ReachDesk({
    texts: reachTexts(dataDir),
    peers: Object.keys(config.links.peers),
    clock: parts.clock,
    log: parts.log.child('reach'),
    openStream: (node, signal) => links.open(node, { purpose: REACH }, signal),
  });
  desk.start();
  return desk;
}

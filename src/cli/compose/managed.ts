/** The certificates that this node has issued or gets from another one: loaded only where there are any. */
import path from 'node:path';
import { createAnswerer } from '../../deploy/dns/answer.ts';
import { type DnsService, startDnsService } from '../../deploy/dns/service.ts';
import { ChallengeBoard } from '../../deploy/certificates/board.ts';
import type { ManagedCertificate } from '../../deploy/certificates/entry.ts';
import { CertificateFolder } from '../../deploy/certificates/folder.ts';
import { CertificateManager } from '../../deploy/certificates/manager.ts';
import { PURPOSE } from '../../deploy/certificates/shipping.ts';
import type { Links } from '../../link/index.ts';
import type { Authority, PrivateTexts } from '../../ports/certificates.ts';
import type { Http } from '../../ports/http.ts';
import type { Context } from '../../server/context.ts';
import type { Config } from '../config/schema.ts';
import { readSecret } from '../config/secrets.ts';
import { ConfigError } from '../config/sources.ts';
import type { LinkDoors, LinkPlaces } from './links.ts';

export interface ManagedOptions extends LinkPlaces {
  readonly parts: Pick<Context, 'clock' | 'random' | 'log' | 'metrics'>;
  readonly http: Http;
  readonly links: Links | undefined;
  readonly doors: LinkDoors;
}

export interface ManagedCertificates {
  readonly manager: CertificateManager;
  readonly board: ChallengeBoard;
  /** The sockets of `certificates.zone`. */
  readonly zone: DnsService | undefined;
  close(): Promise<void>;
}

/** Where they are kept. */
export function certificateFolder(dataDir: string): CertificateFolder {
  return new CertificateFolder(path.join(dataDir, 'certificates'));
}

/** The configuration's certificates, as the manager takes them. */
export function managedOf({ certificates }: Config): ManagedCertificate[] {
  return Object.entries(certificates.managed).map(([id, { names, challenge, profile, from, shipTo = [] }]) => ({
    id,
    names,
    kind: challenge,
    profile,
    from,
    shipTo,
  }));
}

/** Opens them, and the sockets of their zone; `undefined` where the configuration has none. */
export async function openManaged(options: ManagedOptions): Promise<ManagedCertificates | undefined> {
  const { config, dataDir, links, doors, parts } = options;
  const certificates = managedOf(config);
  if (certificates.length === 0) return undefined;
  const log = parts.log.child('certificates');
  const folder = certificateFolder(dataDir);
  const zoneConfig = config.certificates.zone;
  const board = new ChallengeBoard(zoneConfig ?? undefined);
  const manager = await CertificateManager.open({
    ...parts,
    log,
    certificates,
    folder,
    board,
    authority: await openAuthority(options, folder),
    makePlaceholder: async (names) => {
      const { makePlaceholder } = await import('../../adapters/acme/index.ts');
      return await makePlaceholder(names, parts.clock.now());
    },
    openStream: links && ((node, signal) => links.open(node, { purpose: PURPOSE }, signal)),
  });
  links?.onUp((node) => manager.noteReachable(node));
  doors.open(PURPOSE, (stream) => manager.receive(stream.peer, stream));
  const zone =
    zoneConfig === null
      ? undefined
      : await startDnsService({
          ...parts,
          log,
          listeners: zoneConfig.listeners,
          answerer: createAnswerer(board.zoneOf(zoneConfig)),
        });
  return {
    manager,
    board,
    zone,
    close: async () => {
      await manager.close();
      await zone?.close();
    },
  };
}

/** None where nothing is to be issued here: what asks for certificates is not even loaded. */
async function openAuthority(options: ManagedOptions, texts: PrivateTexts): Promise<Authority | undefined> {
  const { config, baseDir, environment, http, parts } = options;
  const { directory, contact, termsAgreed, externalAccount } = config.certificates;
  if (directory === null || managedOf(config).every(({ from }) => from !== undefined)) return undefined;
  const key = readSecret(externalAccount?.key ?? null, 'certificates.externalAccount.key', { baseDir, environment });
  if (externalAccount !== null && key === undefined) throw new ConfigError('certificates.externalAccount has no key');
  const { createAuthority } = await import('../../adapters/acme/index.ts');
  return createAuthority({
    http,
    clock: parts.clock,
    texts,
    directory,
    contact,
    termsAgreed,
    externalAccount: externalAccount === null ? undefined : { keyId: externalAccount.keyId, key: key ?? '' },
  });
}

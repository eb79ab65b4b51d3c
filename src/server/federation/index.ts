/** Talking with other servers: what they read, send and ask, and what they are sent. The face of the folder. */
import type { Accounts } from '../accounts/index.ts';
import type { Context } from '../context.ts';
import type { Keys } from '../keys/index.ts';
import type { Peers } from '../peers/index.ts';
import type { RemoteRooms } from '../remote-rooms/index.ts';
import type { Rooms } from '../rooms/index.ts';
import type { Timeline } from '../timeline/index.ts';
import type { Receiver } from '../timeline/index.ts';
import { DeviceListAnnouncer } from './device-lists/announcer.ts';
import { DeviceListTracker } from './device-lists/tracker.ts';
import { EphemeralSender, type EphemeralSenderParts } from './ephemeral/sender.ts';
import { Access } from './inbound/access.ts';
import { type EduParts, InboundEdus } from './inbound/edus.ts';
import { InboundInvites } from './inbound/invites.ts';
import { InboundMemberships } from './inbound/memberships.ts';
import { FederationReads } from './inbound/reads.ts';
import { InboundTransactions } from './inbound/transactions.ts';
import { Outbound } from './outbound/index.ts';
import { sendOver } from './send-over.ts';

export interface FederationParts extends EduParts {
  readonly context: Context;
  readonly accounts: Accounts;
  readonly peers: Peers;
  readonly rooms: Rooms;
  readonly timeline: Timeline;
  readonly receiver: Receiver;
  readonly remoteRooms: RemoteRooms;
  /** `typing.federate` and `presence.federate` */
  readonly tells: EphemeralSenderParts['tells'];
  /** `federation.retry` */
  readonly retry: { readonly initialMs: number; readonly maxMs: number };
}

export class Federation {
  readonly access: Access;
  readonly reads: FederationReads;
  readonly memberships: InboundMemberships;
  readonly invites: InboundInvites;
  readonly transactions: InboundTransactions;
  readonly outbound: Outbound;
  readonly #ephemeral: EphemeralSender;
  readonly #keys: Keys;
  readonly #remoteRooms: RemoteRooms;
  readonly #announcer: DeviceListAnnouncer;
  readonly #tracker: DeviceListTracker;

  constructor(parts: FederationParts) {
    const { context, peers, retry, rooms } = parts;
    const access = new Access(rooms);
    this.access = access;
    this.reads = new FederationReads({ context, rooms, access });
    this.memberships = new InboundMemberships({ ...parts, access, reads: this.reads });
    this.invites = new InboundInvites(parts);
    const edus = new InboundEdus(parts);
    const receiveEdu = edus.receive.bind(edus);
    this.transactions = new InboundTransactions({ ...parts, receiveEdu });
    this.outbound = new Outbound(context, { send: sendOver(peers, context.serverName), retry });
    this.#ephemeral = new EphemeralSender({ ...parts, outbound: this.outbound });
    this.#keys = parts.keys;
    this.#remoteRooms = parts.remoteRooms;
    this.#announcer = new DeviceListAnnouncer(parts);
    this.#tracker = new DeviceListTracker({ ...parts, announcer: this.#announcer });
    peers.onContact((server) => this.outbound.contact(server));
  }

  /** Takes up what the run before left: what is to be sent, to be told and to be fetched. */
  async start(): Promise<void> {
    await this.outbound.start();
    this.#tracker.start();
    await this.#announcer.start();
    await this.#keys.remote.lists.start();
    await this.#remoteRooms.completion.start();
  }

  /** Ends what is on its way, and writes how far it has got. */
  async close(): Promise<void> {
    await this.#ephemeral.close();
    await this.#remoteRooms.completion.close();
    await this.#tracker.close();
    await this.#announcer.close();
    await this.#keys.remote.lists.close();
    await this.outbound.close();
  }
}

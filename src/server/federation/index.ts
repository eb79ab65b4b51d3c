/** Talking with other servers: what they read, send and ask, and what they are sent. The face of the folder. */
import type { Accounts } from '../accounts/index.ts';
import type { Context } from '../context.ts';
import type { Peers } from '../peers/index.ts';
import type { Rooms } from '../rooms/index.ts';
import type { Receiver, Timeline } from '../timeline/index.ts';
import { Access } from './inbound/access.ts';
import { InboundInvites } from './inbound/invites.ts';
import { InboundMemberships } from './inbound/memberships.ts';
import { FederationReads } from './inbound/reads.ts';
import { InboundTransactions, type ReceiveEdu } from './inbound/transactions.ts';
import { Outbound } from './outbound/index.ts';
import { sendOver } from './send-over.ts';

export interface FederationParts {
  readonly context: Context;
  readonly accounts: Accounts;
  readonly peers: Peers;
  readonly rooms: Rooms;
  readonly timeline: Timeline;
  readonly receiver: Receiver;
  readonly receiveEdu: ReceiveEdu;
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

  constructor(parts: FederationParts) {
    const { context, peers, retry, rooms } = parts;
    const access = new Access(rooms);
    this.access = access;
    this.reads = new FederationReads({ context, rooms, access });
    this.memberships = new InboundMemberships({ ...parts, access, reads: this.reads });
    this.invites = new InboundInvites(parts);
    this.transactions = new InboundTransactions(parts);
    this.outbound = new Outbound(context, { send: sendOver(peers, context.serverName), retry });
    peers.onContact((server) => this.outbound.contact(server));
  }
}

/** What clients were told in a life: what was acknowledged must be there at its end. */
import type { SimulatedServer } from '../world/server.ts';
import type { SimulatedUser } from '../world/user.ts';

/** An event whose id a client was given. */
export interface AcknowledgedEvent {
  readonly eventId: string;
  readonly server: SimulatedServer;
  /** When the client heard of it. */
  readonly atMs: number;
}

/** A message from one device to another; those of a pair have numbers in the order of their sending. */
export interface SentMessage {
  readonly from: string;
  readonly to: string;
  readonly number: number;
  isAcknowledged: boolean;
}

export class Ledger {
  readonly events: AcknowledgedEvent[] = [];
  /** Texts of messages, each of which was sent once, however often it had to be repeated. */
  readonly texts: string[] = [];
  readonly messages: SentMessage[] = [];
  /** Events that no server may take. */
  readonly forged = new Set<string>();
  #texts = 0;

  acknowledge(server: SimulatedServer, eventId: string, atMs: number): void {
    this.events.push({ server, eventId, atMs });
  }

  /** A text that no other message has. */
  nextText(): string {
    this.#texts += 1;
    const text = `message ${this.#texts}`;
    this.texts.push(text);
    return text;
  }

  /** Notes a message to a device, before it is sent. */
  messageOf(from: SimulatedUser, to: SimulatedUser): SentMessage {
    const number = this.messages.filter((one) => one.from === from.id && one.to === to.id).length;
    const message = { from: from.id, to: to.id, number, isAcknowledged: false };
    this.messages.push(message);
    return message;
  }
}

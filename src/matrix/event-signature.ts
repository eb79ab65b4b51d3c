/** Putting a signature into the text of an event. */

export interface EventSignature {
  /** Where `,"signatures":{…}` goes: the offset of the comma before the member that follows it in canonical order. */
  readonly insertAt: number;
  readonly serverName: string;
  readonly keyId: string;
  /** Unpadded base64. */
  readonly signature: string;
}

/** The canonical JSON of an event that has no signatures yet, with one. */
export function withEventSignature(json: string, one: EventSignature): string {
  const signatures = `{${JSON.stringify(one.serverName)}:{${JSON.stringify(one.keyId)}:"${one.signature}"}}`;
  return `${json.slice(0, one.insertAt)},"signatures":${signatures}${json.slice(one.insertAt)}`;
}

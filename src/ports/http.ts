/**
 * Outgoing HTTP: the one gate through which every request of the server leaves. Addresses are checked where they are
 * connected to, answers have a limit in bytes and in time, and nothing is followed or unpacked unasked.
 */
export interface Http {
  /** The whole answer. Rejects with an {@link OperationError} whose `kind` is one of {@link HttpFailure}. */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** The answer with its body as it arrives; limits hold for the body too, which then fails in the same way. */
  stream(request: HttpRequest): Promise<HttpStream>;
  /** Cuts what is on its way and closes every connection. */
  close(): Promise<void>;
}

export type HttpFailure =
  /** No address is known for the name. */
  | 'name not found'
  /** Every address lies in `network.denyRanges`. */
  | 'address denied'
  /** Nobody listens there, or the connection broke. */
  | 'no connection'
  /** No certificate that counts for the name, or no common version of TLS. */
  | 'not authenticated'
  | 'timed out'
  | 'cancelled'
  /** More bytes than allowed. */
  | 'answer too large'
  /** No HTTP, an encoding that nobody asked for, too many redirections. */
  | 'bad answer';

/** `host` is a name or an IP address (without brackets). */
export interface HttpPlace {
  readonly host: string;
  readonly port: number;
}

/** A place in the network, or a node at the other end of a link, which has proven itself to the link. */
export type HttpTarget = HttpPlace | { readonly link: string };

export interface HttpDestination {
  readonly scheme: 'https' | 'http';
  /** Where it may be reached: any of them will do. */
  readonly targets: readonly HttpTarget[];
  /** Whether targets are tried at once or, each after the failure of the one before, in their order. */
  readonly order: 'race' | 'listed';
  /** The name or IP address that the certificate must be valid for. */
  readonly certificateName: string;
  /** The Host header. */
  readonly host: string;
  /** `sha256/` and the base64 of the certificate's public key: then it alone counts, whoever signed it. */
  readonly pin?: string | undefined;
  /** The targets are the owner's own word: private addresses are reached as well. */
  readonly isOwners?: boolean;
}

export interface HttpRequest {
  readonly destination: HttpDestination;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Path and query as they are sent. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Most bytes of the answer's body. */
  readonly bytesMax: number;
  /** From the first look-up to the last byte. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** How many redirections of a GET are followed, each through the same gate; none unless told. */
  readonly redirectsMax?: number;
}

interface HttpHead {
  readonly status: number;
  /** Names in lower case. They are the other side's words: nothing passes them on. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface HttpAnswer extends HttpHead {
  readonly bytes: Uint8Array;
}

export interface HttpStream extends HttpHead {
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the exchange where the body is not wanted. */
  cancel(): void;
}

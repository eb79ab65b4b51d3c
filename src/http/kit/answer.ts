/** What a handler may answer besides a plain JSON value. */

/** Bytes of JSON that are serialised already: they are sent as they are. */
export class JsonText {
  readonly text: string;
  readonly status: number;

  constructor(text: string, status = 200) {
    this.text = text;
    this.status = status;
  }
}

/** A JSON value with another status than 200, or with headers of its own. */
export class JsonAnswer {
  readonly status: number;
  readonly value: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.value = value;
    this.headers = headers;
  }
}

/** Bytes that are no JSON, whole or streamed. */
export class BytesAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;

  constructor(body: Uint8Array | AsyncIterable<Uint8Array>, headers: Record<string, string>, status = 200) {
    this.body = body;
    this.headers = headers;
    this.status = status;
  }
}

/** A redirection. */
export class RedirectAnswer {
  readonly status = 302;
  readonly location: string;

  constructor(location: string) {
    this.location = location;
  }
}

export type Answer = JsonText | JsonAnswer | BytesAnswer | RedirectAnswer;

/** Whether a handler's result is one of the classes above rather than a JSON value. */
export function isAnswer(value: unknown): value is Answer {
  return (
    value instanceof JsonText ||
    value instanceof JsonAnswer ||
    value instanceof BytesAnswer ||
    value instanceof RedirectAnswer
  );
}

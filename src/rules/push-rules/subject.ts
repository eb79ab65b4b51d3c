/** The event that push rules are tried on, made ready once for all users of a room. */
import { asString, type JsonObject, type JsonValue } from '../../matrix/json.ts';
import { parsePropertyPath, valueAt } from '../../matrix/property-path.ts';

/** One event with the values and folded texts that conditions have asked for so far. */
export class PushSubject {
  readonly event: JsonObject;
  readonly #values = new Map<string, JsonValue | undefined>();
  readonly #folded = new Map<string, string | undefined>();

  /** `event` in the client format: `type`, `sender`, `room_id`, `content`, and `state_key` where it has one. */
  constructor(event: JsonObject) {
    this.event = event;
  }

  /** The value at a dot-separated path. */
  value(path: string): JsonValue | undefined {
    if (!this.#values.has(path)) this.#values.set(path, valueAt(this.event, parsePropertyPath(path)));
    return this.#values.get(path);
  }

  /** The string at a path, in lower case; `undefined` when it is no string. */
  foldedText(path: string): string | undefined {
    if (!this.#folded.has(path)) this.#folded.set(path, asString(this.value(path))?.toLowerCase());
    return this.#folded.get(path);
  }
}

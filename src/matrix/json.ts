/**
 * JSON as Matrix sees it: the value types, objects without inherited keys, and accessors that never throw.
 * Keys that come from outside index such objects safely: `__proto__` is an ordinary key of theirs.
 */

/**
 * A number token that a double would change or that canonical JSON forbids: `1.0`, `1e3`, `-0`,
 * 9007199254740993. Only room versions 1 to 5 may carry one, and their hashes cover its source text.
 */
export class RawNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest double. */
  get value(): number {
    return Number(this.text);
  }

  toJSON(): number {
    return this.value;
  }
}

export interface JsonObject {
  [key: string]: JsonValue;
}

export type JsonValue = null | boolean | number | string | RawNumber | JsonValue[] | JsonObject;

/**
 * The constructor of objects that inherit no key. Its instances keep V8's fast property layout,
 * which `Object.create(null)` gives up.
 */
const Bare = function () {} as unknown as new () => JsonObject;
Object.defineProperty(Bare, 'prototype', { value: Object.freeze(Object.create(null)) });

/** Makes an empty object in which no key is inherited. */
export function emptyObject(): JsonObject {
  return new Bare();
}

/** Copies the own keys of `source`, and then those of `changes`, into a new object without inherited keys. */
export function copyObject(source: Readonly<JsonObject>, changes?: Readonly<JsonObject>): JsonObject {
  const copy = new Bare();
  for (const key of Object.keys(source)) copy[key] = source[key] as JsonValue;
  if (changes !== undefined) for (const key of Object.keys(changes)) copy[key] = changes[key] as JsonValue;
  return copy;
}

/** Copies `source` without the named keys. */
export function omitKeys(source: Readonly<JsonObject>, ...keys: readonly string[]): JsonObject {
  const copy = new Bare();
  for (const key of Object.keys(source)) if (!keys.includes(key)) copy[key] = source[key] as JsonValue;
  return copy;
}

/** Whether `object` has `key` itself, whatever its prototype. */
export function hasKey(object: Readonly<JsonObject>, key: string): boolean {
  return Object.hasOwn(object, key);
}

/** Whether `value` is a JSON object: neither null, nor an array, nor a raw number. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawNumber);
}

/** `value` when it is a JSON object. */
export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** `value` when it is an array. */
export function asArray(value: JsonValue | undefined): JsonValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** `value` when it is a string. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** `value` when it is an integer that a double holds exactly. */
export function asInteger(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** `value` when it is `true` or `false`. */
export function asBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** The member `key` of `object`, own keys only. */
export function getValue(object: Readonly<JsonObject> | undefined, key: string): JsonValue | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The member `key` when it is a string. */
export function getString(object: Readonly<JsonObject> | undefined, key: string): string | undefined {
  return asString(getValue(object, key));
}

/** The member `key` when it is a safe integer. */
export function getInteger(object: Readonly<JsonObject> | undefined, key: string): number | undefined {
  return asInteger(getValue(object, key));
}

/** The member `key` when it is a boolean. */
export function getBoolean(object: Readonly<JsonObject> | undefined, key: string): boolean | undefined {
  return asBoolean(getValue(object, key));
}

/** The member `key` when it is an object. */
export function getObject(object: Readonly<JsonObject> | undefined, key: string): JsonObject | undefined {
  return asObject(getValue(object, key));
}

/** The member `key` when it is an array. */
export function getArray(object: Readonly<JsonObject> | undefined, key: string): JsonValue[] | undefined {
  return asArray(getValue(object, key));
}

/** The member `key` when it is an array of strings only. */
export function getStrings(object: Readonly<JsonObject> | undefined, key: string): string[] | undefined {
  const array = getArray(object, key);
  return array?.every((item) => typeof item === 'string') === true ? (array as string[]) : undefined;
}

/** Whether two JSON values are equal: same types, same members in any order, numbers by value. Iterative. */
export function jsonEquals(left: JsonValue, right: JsonValue): boolean {
  const pairs: [JsonValue, JsonValue][] = [[left, right]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair;
    if (a === b) continue;
    if (a instanceof RawNumber && b instanceof RawNumber) {
      if (a.text !== b.text) return false;
    } else if (Array.isArray(a) && Array.isArray(b)) {
      if (a.length !== b.length) return false;
      a.forEach((item, index) => pairs.push([item, b[index] as JsonValue]));
    } else if (isObject(a) && isObject(b)) {
      const keys = Object.keys(a);
      if (keys.length !== Object.keys(b).length) return false;
      for (const key of keys) {
        if (!Object.hasOwn(b, key)) return false;
        pairs.push([a[key] as JsonValue, b[key] as JsonValue]);
      }
    } else return false;
  }
  return true;
}

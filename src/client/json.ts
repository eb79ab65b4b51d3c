/** Readers for JSON that a server sent: each gives the value when it has the wanted shape, else `undefined`. */
export type JsonObject = { readonly [key: string]: unknown };

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function asBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** The value of an own key; a name from the network such as `__proto__` finds nothing that is not there. */
export function field(object: JsonObject | undefined, key: string): unknown {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The own entries of an object from the network whose values are objects. */
export function objectEntries(value: unknown): [string, JsonObject][] {
  const entries: [string, JsonObject][] = [];
  for (const [key, inner] of Object.entries(asObject(value) ?? {})) {
    const object = asObject(inner);
    if (object !== undefined) entries.push([key, object]);
  }
  return entries;
}

export function asStrings(value: unknown): string[] {
  return asArray(value).filter((one) => typeof one === 'string');
}

/** Parses a text from the network; `undefined` when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

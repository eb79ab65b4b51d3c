/** `content/appendices.md`, "Dot-separated property paths": push conditions and filters name parts of events so. */
import { isObject, type JsonObject, type JsonValue } from './json.ts';

/** Splits a path: `\.` and `\\` stand for themselves, "other escape sequences are left as-is". */
export function parsePropertyPath(path: string): readonly string[] {
  const names: string[] = [];
  let name = '';
  for (let i = 0; i < path.length; i += 1) {
    const character = path.charAt(i);
    const next = path.charAt(i + 1);
    if (character === '\\' && (next === '.' || next === '\\')) {
      name += next;
      i += 1;
    } else if (character === '.') {
      names.push(name);
      name = '';
    } else name += character;
  }
  names.push(name);
  return names;
}

/** The value at a path, through own members of objects only; `undefined` when it is absent. */
export function valueAt(object: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

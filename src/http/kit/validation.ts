/** Query and body against the declaration's schemas. Validators are compiled once per endpoint. */
import { Compile, type Validator } from 'typebox/compile';
import type { TSchema } from '../../matrix/schema.ts';
import { MatrixError } from '../../matrix/errors.ts';

const compiled = new WeakMap<TSchema, Validator>();

function validatorOf(schema: TSchema): Validator {
  let validator = compiled.get(schema);
  if (validator === undefined) {
    validator = Compile(schema) as unknown as Validator;
    compiled.set(schema, validator);
  }
  return validator;
}

/** Where and why a value does not fit, in one sentence without the value itself. */
function complaint(validator: Validator, value: unknown): { message: string; missing: boolean } {
  const [first] = (validator as unknown as { Errors(value: unknown): SchemaError[] }).Errors(value);
  if (first === undefined) return { message: 'The request is not valid', missing: false };
  const missing = first.keyword === 'required';
  const place = first.instancePath === '' ? '' : `${first.instancePath.slice(1).replaceAll('/', '.').slice(0, 200)} `;
  return { message: `${place}${first.message}`.trim(), missing };
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
}

/** Throws `M_BAD_JSON` ("missing required keys, invalid values for keys") unless the body fits. */
export function checkBody(schema: TSchema, body: unknown): void {
  const validator = validatorOf(schema);
  if (validator.Check(body)) return;
  throw new MatrixError('M_BAD_JSON', complaint(validator, body).message);
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string; readonly items?: unknown }>>;
}

/**
 * Reads the query string by its schema: integers, numbers and booleans become values, parameters of type array
 * collect repetitions. Throws `M_MISSING_PARAM` or `M_INVALID_PARAM`.
 */
export function readQuery(schema: TSchema, search: string): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const { properties } = schema as ObjectSchema;
  if (properties === undefined) return values;
  if (search !== '') {
    const given = new URLSearchParams(search);
    for (const [name, property] of Object.entries(properties)) {
      const texts = given.getAll(name);
      const last = texts.at(-1);
      if (last === undefined) continue;
      values[name] = property.type === 'array' ? texts : coerce(property.type, last);
    }
  }
  const validator = validatorOf(schema);
  if (validator.Check(values)) return values;
  const { message, missing } = complaint(validator, values);
  throw new MatrixError(missing ? 'M_MISSING_PARAM' : 'M_INVALID_PARAM', `Query: ${message}`);
}

function coerce(type: string | undefined, text: string): unknown {
  if (type === 'integer' || type === 'number') return /^-?[0-9]{1,16}(\.[0-9]+)?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}

/**
 * The TypeBox builders that declarations use. Each is marked free of side effects, so that a bundler
 * drops the schemas of an endpoint of which the web client needs only the path.
 */
import { Type, type Static, type TSchema } from 'typebox';

export type { Static, TSchema };

type Properties = Record<string, TSchema>;
type TextLimits = {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly description?: string;
};
type NumberLimits = {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
};

/** An object that may have further keys: "clients and servers ignore what they do not know". */
/* @__NO_SIDE_EFFECTS__ */
export function object<P extends Properties>(properties: P) {
  return Type.Object(properties);
}

/* @__NO_SIDE_EFFECTS__ */
export function optional<T extends TSchema>(schema: T) {
  return Type.Optional(schema);
}

/* @__NO_SIDE_EFFECTS__ */
export function string(limits: TextLimits = {}) {
  return Type.String(limits);
}

/* @__NO_SIDE_EFFECTS__ */
export function integer(limits: NumberLimits = {}) {
  return Type.Integer(limits);
}

/* @__NO_SIDE_EFFECTS__ */
export function number(limits: NumberLimits = {}) {
  return Type.Number(limits);
}

/* @__NO_SIDE_EFFECTS__ */
export function boolean() {
  return Type.Boolean();
}

/* @__NO_SIDE_EFFECTS__ */
export function array<T extends TSchema>(items: T) {
  return Type.Array(items);
}

/** A JSON object with free keys whose values all have one shape. */
/* @__NO_SIDE_EFFECTS__ */
export function record<T extends TSchema>(values: T) {
  return Type.Record(Type.String(), values);
}

/** One of a fixed list of strings. */
/* @__NO_SIDE_EFFECTS__ */
export function oneOf<const T extends string[]>(values: [...T]) {
  return Type.Enum(values);
}

/* @__NO_SIDE_EFFECTS__ */
export function union<const T extends TSchema[]>(schemas: T) {
  return Type.Union(schemas);
}

/** Any JSON value. */
/* @__NO_SIDE_EFFECTS__ */
export function anything() {
  return Type.Unknown();
}

/** Any JSON object. */
/* @__NO_SIDE_EFFECTS__ */
export function anyObject() {
  return Type.Record(Type.String(), Type.Unknown());
}

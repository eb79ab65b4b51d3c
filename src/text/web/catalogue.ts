import type { EN } from './en.ts';

export interface PluralMessage {
  readonly one: string;
  readonly other: string;
}

export type Message = string | PluralMessage;

/** A catalogue has a message of the same form for every key of the English one. */
export type Catalogue = { readonly [K in keyof typeof EN]: (typeof EN)[K] extends string ? string : PluralMessage };

export type MessageKey = keyof Catalogue;

export type MessageValues = Readonly<Record<string, string | number>>;

/** Fills `{name}` places of a message. Values are put in as they are: messages are text, never markup. */
export function fillMessage(message: string, values: MessageValues): string {
  return message.replace(/\{([a-z]+)\}/g, (place, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : place,
  );
}

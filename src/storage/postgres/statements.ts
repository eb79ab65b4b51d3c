import { spell } from '../dialect.ts';

/** A statement with the name under which the server keeps it prepared. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

/** Spells each text once and names it. */
export class NamedStatements {
  readonly #known = new Map<string, NamedStatement>();

  of(text: string): NamedStatement {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const statement = { name: `s${this.#known.size}`, text: spell(text, 'postgres') };
    this.#known.set(text, statement);
    return statement;
  }
}

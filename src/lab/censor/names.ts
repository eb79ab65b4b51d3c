/** Lists of names: each stands for itself and for every name below it. Pure. */
export class NameList {
  readonly #names: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.#names = new Set(names.map((name) => name.toLowerCase().replace(/\.$/, '')));
  }

  has(name: string | undefined): boolean {
    for (let rest = name ?? ''; rest !== ''; ) {
      if (this.#names.has(rest)) return true;
      const dot = rest.indexOf('.');
      if (dot === -1) return false;
      rest = rest.slice(dot + 1);
    }
    return false;
  }
}

import type { SigningKey } from '../ports/crypto.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store/index.ts';
import { openPostgres, type PostgresOptions } from './postgres/open.ts';
import { openSqlite, type SqliteOptions } from './sqlite/open.ts';

/** What every engine needs. */
export interface CommonOptions {
  /** URL of a module that exports `createCrypto(): Crypto`: the writer signs with it, in a thread of its own. */
  readonly cryptoModule: string;
  /** The keys that events of ours may ask to be signed with. */
  readonly signingKeys: readonly SigningKey[];
  readonly log?: Log;
}

export type StoreOptions = CommonOptions &
  (({ readonly engine: 'sqlite' } & SqliteOptions) | ({ readonly engine: 'postgres' } & PostgresOptions));

/** Opens the store, with its schema brought up to date. */
export function openStore(options: StoreOptions): Promise<Store> {
  return options.engine === 'sqlite' ? openSqlite(options) : openPostgres(options);
}

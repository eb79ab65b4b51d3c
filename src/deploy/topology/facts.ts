/** What the doctor looks at: facts about one machine and one configuration, gathered once. Types only. */

export interface PackageFact {
  readonly name: string;
  readonly isPresent: boolean;
}

export interface PortFact {
  readonly address: string;
  readonly port: number;
  /** `ours` answers as this server, `foreign` is another program, `free` nobody. */
  readonly state: 'free' | 'ours' | 'foreign' | 'forbidden' | 'unknown-address';
}

export interface LocalFacts {
  readonly nodeVersion: string;
  readonly sqliteVersion: string;
  readonly hasFullTextSearch: boolean;
  readonly packages: readonly PackageFact[];
  readonly dataDir: {
    readonly path: string;
    readonly exists: boolean;
    readonly isWritable: boolean;
    /** Permission bits, for example 0o700; `undefined` where the system has none. */
    readonly mode: number | undefined;
    readonly freeBytes: number | undefined;
  };
  readonly signingKey:
    | { readonly path: string; readonly exists: boolean; readonly mode: number | undefined }
    | undefined;
  readonly webClientBuilt: boolean;
  readonly ports: readonly PortFact[];
  readonly config: {
    readonly serverName: string;
    readonly publicBaseUrl: string;
    readonly registrationMode: string;
    readonly engine: string;
    readonly isEncrypted: boolean;
    readonly rateLimits: boolean;
    readonly passwordCost: string;
    readonly listensPublicly: boolean;
    readonly hasTls: boolean;
  };
}

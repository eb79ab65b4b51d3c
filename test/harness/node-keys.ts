/** Keys of links for tests: as `links.key` has them, and as peers are told them. */

export interface NodeKeys {
  readonly key: string;
  readonly public: string;
}

/** Of the node that nobody reaches. */
export const HOME: NodeKeys = {
  key: 'ed25519 home AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  public: 'ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg',
};
/** Of the node that others dial. */
export const CLOUD: NodeKeys = {
  key: 'ed25519 cloud ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8',
  public: 'ed25519:Kay64UG8yvCyLhqU000LxzYeUm0L/hLIl5S8kyKWbdc',
};

/** The page's one Trusted Types policy: it lets the addresses of our own workers through, and no HTML at all. */
export interface TrustedPolicy {
  createScriptURL(url: string): string;
}

interface TrustedTypesFactory {
  createPolicy(name: string, rules: TrustedPolicy): TrustedPolicy;
}

function isOwnScript(url: string): boolean {
  const parsed = new URL(url, location.href);
  // The one file of `client.html` makes the engine's script of itself.
  if (location.protocol === 'file:') return parsed.protocol === 'blob:';
  return parsed.origin === location.origin && parsed.pathname.endsWith('.js');
}

const rules: TrustedPolicy = {
  createScriptURL(url) {
    if (!isOwnScript(url)) throw new TypeError('not a script of ours');
    return url;
  },
};

const factory = (globalThis as { trustedTypes?: TrustedTypesFactory }).trustedTypes;

export const policy: TrustedPolicy = factory?.createPolicy('postern', rules) ?? rules;

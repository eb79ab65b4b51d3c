/** The page's one Trusted Types policy: addresses of our own workers, and HTML that is parsed and never shown. */
export interface TrustedPolicy {
  createHTML(html: string): string;
  createScriptURL(url: string): string;
}

interface TrustedTypesFactory {
  createPolicy(name: string, rules: TrustedPolicy): TrustedPolicy;
}

function isOwnScript(url: string): boolean {
  const parsed = new URL(url, location.href);
  return parsed.origin === location.origin && parsed.pathname.endsWith('.js');
}

const rules: TrustedPolicy = {
  createHTML: (html) => html,
  createScriptURL(url) {
    if (!isOwnScript(url)) throw new TypeError('not a script of ours');
    return url;
  },
};

const factory = (globalThis as { trustedTypes?: TrustedTypesFactory }).trustedTypes;

export const policy: TrustedPolicy = factory?.createPolicy('postern', rules) ?? rules;

/**
 * URL of the module `name` (without its extension) that stands beside the module at `moduleUrl`, in the form that
 * is running: `.ts` from source, `.js` after the build. Targets of workers and forks are strings, which the
 * compiler does not rewrite.
 */
export function siblingUrl(moduleUrl: string, name: string): URL {
  return new URL(`${name}${moduleUrl.endsWith('.ts') ? '.ts' : '.js'}`, moduleUrl);
}

/**
 * Stands in for `src/matrix/schema.ts` in the browser's bundle: the client needs the paths of the
 * declarations, not their schemas, so TypeBox stays out.
 */
const nothing = () => ({});

export const object = nothing;
export const optional = nothing;
export const string = nothing;
export const integer = nothing;
export const number = nothing;
export const boolean = nothing;
export const array = nothing;
export const record = nothing;
export const oneOf = nothing;
export const union = nothing;
export const anything = nothing;
export const anyObject = nothing;

/** The face of the authorisation rules. */
export { type AuthSubject, authEventKeys, type StatePair } from './auth-event-keys.ts';
export { checkAuth } from './check-auth.ts';
export { type AuthEventsInput, checkAuthEvents, type CitedEvent } from './check-auth-events.ts';
export { type AuthInput, joinRuleOf, membershipOf } from './context.ts';
export { checkCreate } from './create.ts';
export {
  creatorsOf,
  findUnreadableLevel,
  LEVEL_NAMES,
  type LevelName,
  parseLevel,
  PowerLevels,
  powerLevelsOf,
} from './power-levels.ts';
export { mayApplyRedaction } from './redaction.ts';

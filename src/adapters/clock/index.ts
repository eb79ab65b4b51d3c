export { FakeClock } from './fake-clock.ts';
export { systemClock } from './system-clock.ts';

/** Why no new release starts in a lane for now. It reaches this plane and delivery as data, whoever decided it. */
export type { Hold } from '../delivery/events.ts';

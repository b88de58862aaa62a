/** Why nothing new begins in a lane for now. It reaches this plane and delivery as data: who decides is not their business. */
export type { Hold } from '../delivery/events.ts';

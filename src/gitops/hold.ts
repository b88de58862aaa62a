/** Why nothing new begins in a lane for now. It reaches this plane as data: who decides that is not its business. */
export interface Hold {
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  /** Null: until its cause is gone. */
  readonly until: number | null;
}

/** One arm as the edge knows it. */
export interface EdgeArm {
  readonly revision: string;
  readonly port: number;
}

export interface EdgeLane {
  readonly port: number;
  readonly stable: EdgeArm | null;
  readonly canary: EdgeArm | null;
  /** Percent of requests that the canary gets. */
  readonly weight: number;
}

/** Everything the edge serves, as one value: it reports the same value at its status address. */
export interface EdgeState {
  readonly generation: number;
  readonly statusPort: number;
  readonly lanes: Readonly<Record<string, EdgeLane>>;
}

/** Where requests of users arrive on this machine, and are split. */
export interface Edge {
  /** What is served now, asked of the edge itself. */
  served(): Promise<EdgeState>;
  /** Changes one lane, and resolves once the change is served. Refused configurations change nothing. */
  change(service: string, change: (lane: EdgeLane) => EdgeLane): Promise<void>;
  portOf(service: string): number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface EdgeOptions {
  readonly directory: string;
  readonly services: readonly string[];
  /** The program, with its path. */
  readonly nginx: string;
}

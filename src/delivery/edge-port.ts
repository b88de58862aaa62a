/** One arm in the edge's configuration. */
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

/** The edge: receives users' requests on this machine and splits them. */
export interface Edge {
  /** What is served now, as the edge itself reports. */
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

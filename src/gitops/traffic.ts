/** What users saw in one second. */
export interface Second {
  readonly at: number;
  sent: number;
  ok: number;
  failed: number;
}

export interface TrafficReport {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly seconds: readonly Second[];
}

export interface TrafficTarget {
  readonly url: string;
  readonly rps: number;
  /** The name that is asked for, where the address is another. */
  readonly host?: string;
}

export interface TrafficOptions {
  /** Where to send, and how many a second to each. */
  readonly targets: readonly TrafficTarget[];
  /** Called for every answer, with who served it. */
  readonly onAnswer?: (answer: {
    at: number;
    url: string;
    status: number;
    servedBy: string | null;
    ms: number;
  }) => void;
  /** How long an answer is waited for; longer is a failure. */
  readonly timeoutMs?: number;
  /**
   * At most so many requests are under way; what would be more is never sent. For users of a machine that may be too
   * slow for them. Without it they go on, and what cannot be served fails.
   */
  readonly atMost?: number;
}

/** Users of the demo and of tests: requests at a steady rate until it is stopped. */
export interface Traffic {
  report(): TrafficReport;
  /** Failed and sent since the last mark. */
  mark(): void;
  sinceMark(): { sent: number; failed: number };
  stop(): Promise<TrafficReport>;
}

export type StartTraffic = (options: TrafficOptions) => Traffic;

import type { Edge, EdgeOptions } from '../delivery/edge-port.ts';
import type { Processes, ProcessOptions } from '../delivery/process-port.ts';

/** What one machine delivers with: chosen elsewhere, and handed over. */
export interface EmbeddedParts {
  createEdge(options: EdgeOptions): Promise<Edge>;
  createProcesses(options: ProcessOptions): Processes;
}

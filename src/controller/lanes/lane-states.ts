import { lanesOf } from '../../declaration/layout.ts';
import type { Platform } from '../../declaration/platform.ts';
import { emptyLane, type Lane } from '../../delivery/lane.ts';
import { laneName } from '../../kit/lane.ts';

/** What is recorded of each lane, by its name `service/environment`; undefined: the lane is not declared. */
export interface LaneStates {
  get(lane: string): Lane | undefined;
}

/** Gives every lane of an environment as it is recorded now; one without records is empty. */
export function lanesByEnvironment(
  platform: Platform,
  states: LaneStates,
): (environment: string) => readonly Lane[] {
  const names = Map.groupBy(
    lanesOf(platform).map(({ service, environment }) => [
      environment.name,
      laneName(service.name, environment.name),
    ]),
    ([environment]) => environment!,
  );
  return (environment) =>
    (names.get(environment) ?? []).map(([, lane]) => states.get(lane!) ?? emptyLane(lane!));
}

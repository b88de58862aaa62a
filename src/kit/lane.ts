/** The name of a lane: `service/environment`. */
export const laneName = (service: string, environment: string): string => `${service}/${environment}`;

/** Service and environment of a lane's name, which is `service/environment`: neither name holds a slash. */
export const partsOfLane = (lane: string): readonly [service: string, environment: string] =>
  lane.split('/') as [string, string];

/** So many lanes of a pull request are named in a line; of the others it is said how many they are. */
const LANES_NAMED = 3;

export function lanesInWords(lanes: readonly string[]): string {
  const more = lanes.length - LANES_NAMED;
  return `${lanes.slice(0, LANES_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export interface LaneNames {
  readonly service: string;
  readonly environment: string;
}

export const laneOf = ({ service, environment }: LaneNames): string => `${service}/${environment}`;

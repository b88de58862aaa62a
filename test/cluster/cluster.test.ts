import { describe } from 'vitest';
import { openStage } from './stage.ts';
import { stepBackStory } from './story/back.ts';
import { chartsStory } from './story/charts.ts';
import { clustersStory } from './story/clusters.ts';
import { faultStory, restartStory } from './story/faults.ts';
import { handStory } from './story/hand.ts';
import { outsideStory } from './story/outside.ts';
import { releaseStory } from './story/release.ts';

describe('on Kubernetes', () => {
  const stage = openStage();
  releaseStory(stage);
  chartsStory(stage);
  handStory(stage);
  clustersStory(stage);
  faultStory(stage);
  stepBackStory(stage);
  outsideStory(stage);
  restartStory(stage);
});

import { describe } from 'vitest';
import { openStage } from './stage.ts';
import { releaseStory } from './story/release.ts';

describe('on Kubernetes', () => {
  const stage = openStage();
  releaseStory(stage);
});

import { parseAllDocuments } from 'yaml';
import { renderAll } from '../../src/controller/render.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import type { Resource } from '../charts/platform.ts';
import { platformOf } from './platform.ts';

export const REPOSITORY = 'https://git.invalid/acme/desired.git';
/** A declaration with every setting of Flux. */
export const everySetting = () =>
  platformOf({
    prod: ', branch: Release/EU',
    kubernetes: `flux: { repository: '${REPOSITORY}', secret: git, namespace: gitops, serviceAccount: deployer, monitoring: true, chart: charts/web }`,
  });

/** What is rendered for a cluster, by path. */
export const rendered = (platform: Platform) => renderAll(platform, 'kubernetes');
/** Whether a rendered file is for Flux alone. */
export const isOfFlux = (path: string): boolean => /(^|\/)(flux|monitoring)[./]/.test(path);
export const documents = (text: string): Resource[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Resource);

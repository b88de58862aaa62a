import { join } from 'node:path';
import { desiredPath } from '../src/gitops/desired.ts';
import { digestOfVersion, readReleases } from './profile.ts';

const EXAMPLE = join(import.meta.dirname, '../examples/shop');

/** The example's desired state: what runs at first, and the digests of the versions one may commit next. */
export function desiredExamples(): [string, string][] {
  const releases = readReleases(join(EXAMPLE, 'releases.yaml'));
  return Object.entries(releases.services).map(([service, versions]) => {
    const digest = (version: string) => digestOfVersion(releases, service, version);
    const others = Object.entries(versions)
      .filter(([version]) => version !== '1.0.0')
      .map(
        ([version, { description }]) =>
          `#   ${version}  ${digest(version)}  ${description.replaceAll(' %', '%')}\n`,
      );
    const hint =
      others.length > 0
        ? `# Change version and digest, and commit: a release starts. Available versions:\n${others.join('')}`
        : '';
    const text = `${hint}service: ${service}\nversion: 1.0.0\ndigest: ${digest('1.0.0')}\nconfig: {}\n`;
    return [join('examples/shop/desired', desiredPath('prod', service)), text];
  });
}

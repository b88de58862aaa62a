import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { layerOf, ociArchive } from '../../scripts/image.ts';

const HERE = import.meta.dirname;

/** A program of ours that is built once per version of Go, beside the other tools. */
export function pauseImage(folder: string): { tar: string; name: string } {
  const name = 'sluice.invalid/pause:1';
  const program = join(folder, 'pause-root', 'pause');
  mkdirSync(join(folder, 'pause-root'));
  execFileSync(
    'go',
    ['build', '-C', join(HERE, 'pause'), '-trimpath', '-ldflags', '-s -w', '-o', program, '.'],
    {
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' },
    },
  );
  layerOf(join(folder, 'pause-root'), join(folder, 'pause-layer.tar'));
  const tar = join(folder, 'pause.tar');
  ociArchive(
    [
      {
        name,
        config: { entrypoint: ['/pause'], user: '65535:65535' },
        layers: [join(folder, 'pause-layer.tar')],
      },
    ],
    tar,
  );
  return { tar, name };
}

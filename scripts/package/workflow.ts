import { stringify } from 'yaml';

/** Actions of others, pinned by commit; the comment says which release that is. */
const ACTIONS = {
  'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8': 'v5.0.0',
  'actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02': 'v4.6.2',
  'actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093': 'v4.3.0',
  'sigstore/cosign-installer@398d4b0eeef1380460a10c8013a76f728fb906ac': 'v3.9.1',
} as const;
const [CHECKOUT, UPLOAD, DOWNLOAD, COSIGN] = Object.keys(ACTIONS) as [string, string, string, string];

const HEADER = `# Rendered by \`npm run generate\` from scripts/package/workflow.ts. A tag such as v0.1.0 starts it.
# Variables of the repository: REGISTRY, where images and charts go, such as registry.example/acme. REGISTRY_USER and
# the secret REGISTRY_TOKEN sign in there.
`;

const expression = (text: string): string => `\${{ ${text} }}`;
const checkout = { uses: CHECKOUT, with: { 'persist-credentials': false } };
const VERSION = { VERSION: expression('needs.version.outputs.version') };
const MINUTES = 60;

/** Which runner builds which single file. Only Linux makes images. */
const BUILDS = [
  { runner: 'ubuntu-24.04', platform: 'linux-x64' },
  { runner: 'ubuntu-24.04-arm', platform: 'linux-arm64' },
  { runner: 'macos-15', platform: 'darwin-arm64' },
] as const;

const version = {
  'runs-on': 'ubuntu-24.04',
  'timeout-minutes': 5,
  permissions: { contents: 'read' },
  outputs: { version: expression('steps.version.outputs.version') },
  steps: [
    checkout,
    {
      name: 'The tag is the version that the files name, and the changelog has a section about it',
      id: 'version',
      env: { TAG: expression('github.ref_name') },
      run: `node scripts/package/version.mjs "\${TAG#v}"\necho "version=\${TAG#v}" >> "$GITHUB_OUTPUT"\n`,
    },
  ],
};

const build = {
  needs: 'version',
  'runs-on': expression('matrix.runner'),
  'timeout-minutes': MINUTES,
  permissions: { contents: 'read' },
  strategy: { matrix: { include: BUILDS } },
  env: VERSION,
  steps: [
    checkout,
    {
      name: 'Build every form',
      env: { PLATFORM: expression('matrix.platform') },
      run: 'npm run release -- "$VERSION" --into "$RUNNER_TEMP/release" --platform "$PLATFORM"\n',
    },
    {
      name: 'Start the single file',
      env: { PLATFORM: expression('matrix.platform') },
      run: 'test "$("$RUNNER_TEMP/release/sluice-$PLATFORM" --version)" = "$VERSION"\n',
    },
    {
      uses: UPLOAD,
      with: {
        name: expression('matrix.platform'),
        path: `${expression('runner.temp')}/release`,
        'if-no-files-found': 'error',
      },
    },
  ],
};

/** One image for both architectures, under one digest, and the charts; each is signed by that digest. */
const PUSH = `tags=()
for arch in x64 arm64; do
  skopeo copy "oci-archive:release/sluice-image-$VERSION-$arch.tar" "docker://$REGISTRY/sluice:$VERSION-$arch"
  tags+=("$REGISTRY/sluice:$VERSION-$arch")
done
docker buildx imagetools create --tag "$REGISTRY/sluice:$VERSION" "\${tags[@]}"
digest=$(skopeo inspect --format '{{.Digest}}' "docker://$REGISTRY/sluice:$VERSION")
cosign sign --yes --recursive "$REGISTRY/sluice@$digest"
for chart in sluice service; do
  helm push "release/$chart-chart-$VERSION.tgz" "oci://$REGISTRY/charts"
  digest=$(skopeo inspect --format '{{.Digest}}' "docker://$REGISTRY/charts/$chart:$VERSION")
  cosign sign --yes "$REGISTRY/charts/$chart@$digest"
done
`;

/** What the builds have in common is taken from Linux; of the others, what only they have. */
const GATHER = `mkdir release
cp -n built/linux-x64/* built/linux-arm64/* built/darwin-arm64/* release/
cd release
rm SHA256SUMS
sha256sum -- * > SHA256SUMS
for file in sluice-* SHA256SUMS; do
  cosign sign-blob --yes --bundle "$file.sigstore.json" "$file"
done
`;

const publish = {
  needs: ['version', 'build'],
  'runs-on': 'ubuntu-24.04',
  'timeout-minutes': MINUTES,
  environment: 'release',
  // The identity with which cosign signs, and the release itself.
  permissions: { contents: 'write', 'id-token': 'write' },
  env: { ...VERSION, REGISTRY: expression('vars.REGISTRY') },
  steps: [
    { uses: COSIGN },
    { uses: DOWNLOAD, with: { path: 'built' } },
    { name: 'Gather, check and sign the files', run: GATHER },
    {
      name: 'Sign in at the registry',
      env: { USERNAME: expression('vars.REGISTRY_USER'), TOKEN: expression('secrets.REGISTRY_TOKEN') },
      run: `for tool in docker "helm registry" skopeo; do\n  printf %s "$TOKEN" | $tool login "\${REGISTRY%%/*}" --username "$USERNAME" --password-stdin\ndone\n`,
    },
    { name: 'Push and sign the image and the charts', run: PUSH },
    {
      name: 'Publish the release',
      env: { GH_TOKEN: expression('github.token'), REPOSITORY: expression('github.repository') },
      run: 'gh release create "v$VERSION" --repo "$REPOSITORY" --title "v$VERSION" --notes-file release/CHANGES.md release/*\n',
    },
  ],
};

/** The workflow that releases a version on GitHub, by its path. */
export function releaseWorkflow(): [path: string, text: string] {
  const workflow = {
    name: 'release',
    on: { push: { tags: ['v*'] } },
    permissions: {},
    concurrency: { group: `release-${expression('github.ref')}`, 'cancel-in-progress': false },
    jobs: { version, build, publish },
  };
  const text = Object.entries(ACTIONS).reduce(
    (sum, [action, release]) => sum.replaceAll(action, `${action} # ${release}`),
    stringify(workflow, { lineWidth: 0, aliasDuplicateObjects: false }),
  );
  return ['.github/workflows/release.yml', HEADER + text];
}

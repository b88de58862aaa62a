type Two = readonly [string, string];

/** Two command lines for every command and subcommand, shown at the end of its help. */
export const EXAMPLES: Readonly<Record<string, Two>> = {
  init: [
    'sluice init --service checkout --prometheus http://localhost:9090',
    'sluice init my-platform --example shop',
  ],
  validate: ['sluice validate my-platform', 'sluice validate slos --prometheus http://localhost:9090'],
  render: [
    'sluice render my-platform --out rendered',
    'sluice render slos --out rendered --format kubernetes --check',
  ],
  eject: [
    'sluice eject my-platform --out plain',
    'sluice eject my-platform --out plain --manifests manifests',
  ],
  import: ['sluice import sloth slos --out imported', 'sluice import flagger canaries --out imported'],
  'import openslo': ['sluice import openslo slos --out imported', 'sluice import openslo a.yaml b.yaml'],
  'import sloth': [
    'sluice import sloth slos --out imported',
    'sluice import sloth slos --out imported --window 28d',
  ],
  'import pyrra': [
    'sluice import pyrra slos --out imported',
    'sluice import pyrra slos --out imported --service checkout',
  ],
  'import flagger': [
    'sluice import flagger canaries --out imported',
    'sluice import flagger canaries --provider nginx --namespace shop',
  ],
  'import rollouts': [
    'sluice import rollouts manifests --out sluice',
    'sluice import rollouts manifests --prometheus http://prometheus.monitoring:9090',
  ],
  adopt: ['sluice adopt manifests --out sluice', 'sluice adopt --cluster --namespace shop'],
  test: ['sluice test my-platform', 'sluice test slos --json'],
  explain: ['sluice explain slo checkout-availability', 'sluice explain slo checkout-availability slos'],
  'explain slo': [
    'sluice explain slo checkout-availability my-platform',
    'sluice explain slo checkout-availability slos --prometheus http://localhost:9090',
  ],
  judge: ['sluice judge --trace trace.json', 'sluice judge --trace trace.json --edition 1 --json'],
  serve: ['sluice serve my-platform', 'sluice serve my-platform --host 0.0.0.0 --port 8080'],
  demo: ['sluice demo --fast', 'sluice demo --exit'],
  status: ['sluice status --watch', 'sluice status --pipeline'],
  promote: ['sluice promote checkout prod', 'sluice promote checkout prod --json'],
  budget: [
    'sluice budget list',
    'sluice budget exclude checkout-availability prod --from 2026-03-01T02:00:00Z --to 2026-03-01T03:00:00Z --reason "provider outage" --approver sre-lead',
  ],
  'budget list': ['sluice budget list', 'sluice budget list --server https://sluice.example'],
  'budget exclude': [
    'sluice budget exclude checkout-availability prod --from 2026-03-01T02:00:00Z --to 2026-03-01T03:00:00Z --reason "provider outage" --approver sre-lead',
    'sluice budget exclude checkout-latency eu --from 2026-03-01T02:00:00Z --to 2026-03-01T02:10:00Z --reason "load test" --approver sre-lead --json',
  ],
  replay: ['sluice replay my-platform', 'sluice replay my-platform --file ledger.jsonl --edition 2'],
  rollback: [
    'sluice rollback checkout prod --reason "orders fail"',
    'sluice rollback checkout prod --to 1.4.1 --reason "1.4.2 loses carts"',
  ],
  release: [
    'sluice release abort checkout prod --reason "orders fail"',
    'sluice release pause checkout prod --reason "waiting for the provider"',
  ],
  'release show': [
    'sluice release show checkout prod --watch',
    'sluice release show checkout prod --release checkout.prod.7',
  ],
  'release abort': [
    'sluice release abort checkout prod --reason "orders fail"',
    'sluice release abort checkout prod --reason "orders fail" --server https://sluice.example',
  ],
  'release pause': [
    'sluice release pause checkout prod --reason "waiting for the provider"',
    'sluice release pause checkout prod --reason "lunch" --json',
  ],
  'release resume': [
    'sluice release resume checkout prod --reason "provider confirmed"',
    'sluice release resume checkout prod --reason "provider confirmed" --json',
  ],
  'release promote': [
    'sluice release promote checkout prod --reason "fix for the incident"',
    'sluice release promote checkout prod --reason "fix for the incident" --json',
  ],
  'release retry': [
    'sluice release retry checkout prod --reason "registry is back"',
    'sluice release retry checkout prod --reason "registry is back" --json',
  ],
  'release lift': [
    'sluice release lift checkout prod --digest sha256:0f3c --reason "the bank was down"',
    'sluice release lift checkout prod --digest sha256:0f3c --reason "the bank was down" --json',
  ],
  'support-bundle': [
    'sluice support-bundle my-platform',
    'sluice support-bundle --server https://sluice.example --out for-the-issue',
  ],
  gate: ['sluice gate 12', 'sluice gate --input policy/samples/budget.denied.json'],
  freeze: ['sluice freeze list', 'sluice freeze on prod --until 2h --reason "provider migration"'],
  'freeze list': ['sluice freeze list', 'sluice freeze list --json'],
  'freeze on': [
    'sluice freeze on prod --until 2h --reason "provider migration"',
    'sluice freeze on checkout/prod --until 2026-03-02T18:00:00+01:00 --reason "audit"',
  ],
  'freeze off': [
    'sluice freeze off f-1 --reason "migration done"',
    'sluice freeze off f-1 --reason "migration done" --json',
  ],
  waiver: ['sluice waiver list', 'sluice waiver grant checkout/prod --expires 1h --reason "vendor fix"'],
  'waiver list': ['sluice waiver list', 'sluice waiver list --json'],
  'waiver grant': [
    'sluice waiver grant checkout/prod --expires 1h --reason "vendor fix"',
    'sluice waiver grant prod --expires 30m --reason "vendor fix" --pull 12 --single-use',
  ],
  'waiver approve': [
    'sluice waiver approve w-1 --reason "reviewed"',
    'sluice waiver approve w-1 --reason "reviewed" --json',
  ],
  'waiver revoke': [
    'sluice waiver revoke w-1 --reason "no longer needed"',
    'sluice waiver revoke w-1 --reason "no longer needed" --json',
  ],
  pull: ['sluice pull list', 'sluice pull open my-branch --title "checkout 1.4.2"'],
  'pull list': ['sluice pull list', 'sluice pull list --json'],
  'pull open': [
    'sluice pull open my-branch',
    'sluice pull open my-branch --title "checkout 1.4.2" --label security --auto-merge',
  ],
  'pull merge': ['sluice pull merge 12', 'sluice pull merge 12 --json'],
  ledger: ['sluice ledger list --limit 20', 'sluice ledger explain checkout.prod.3'],
  'ledger list': [
    'sluice ledger list --limit 20',
    'sluice ledger list --subject checkout/prod --type lane.moved',
  ],
  'ledger show': ['sluice ledger show 42', 'sluice ledger show 42 --json'],
  'ledger verify': [
    'sluice ledger verify',
    'sluice ledger verify --file ledger.jsonl --anchor path/to/desired-state.git',
  ],
  'ledger export': [
    'sluice ledger export > ledger.jsonl',
    'sluice ledger export --format cloudevents > events.jsonl',
  ],
  'ledger replay': [
    'sluice ledger replay d-0123456789abcdef',
    'sluice ledger replay d-0123456789abcdef --json',
  ],
  'ledger explain': [
    'sluice ledger explain checkout.prod.3',
    'sluice ledger explain d-0123456789abcdef --json',
  ],
  token: ['sluice token create ci --scope operate', 'sluice token revoke t3'],
  'token create': [
    'sluice token create ci --scope operate waive',
    'sluice token create dashboard --scope read --expires 90d --json',
  ],
  'token list': ['sluice token list', 'sluice token list --server https://sluice.example'],
  'token revoke': ['sluice token revoke t3', 'sluice token revoke t3 --server https://sluice.example'],
  login: ['sluice login --server https://sluice.example', 'sluice login --device'],
  logout: ['sluice logout', 'sluice logout --server https://sluice.example'],
  context: ['sluice context list', 'sluice context use prod'],
  'context list': ['sluice context list', 'sluice context list --json'],
  'context use': ['sluice context use prod', 'sluice context use local'],
  'context add': [
    'sluice context add prod --server https://sluice.example',
    'sluice context add staging --server https://sluice-staging.example --use',
  ],
  'context remove': ['sluice context remove staging', 'sluice context remove staging --json'],
  completion: ['sluice completion bash', 'sluice completion fish > ~/.config/fish/completions/sluice.fish'],
  'completion bash': [
    'sluice completion bash > ~/.local/share/bash-completion/completions/sluice',
    'sluice completion bash',
  ],
  'completion zsh': ['sluice completion zsh > ~/.zfunc/_sluice', 'sluice completion zsh'],
  'completion fish': [
    'sluice completion fish > ~/.config/fish/completions/sluice.fish',
    'sluice completion fish',
  ],
  'completion candidates': [
    'sluice completion candidates =release =abort =',
    'sluice completion candidates =status =--',
  ],
  doctor: ['sluice doctor', 'sluice doctor my-platform --prometheus http://localhost:9090'],
  schema: ['sluice schema', 'sluice schema > declaration.json'],
};

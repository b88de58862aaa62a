/** One page of the site: its title in the sidebar and its file without `.md`. */
export type Page = readonly [title: string, path: string];

/** A part of the sidebar. */
export interface Part {
  readonly title: string;
  readonly pages: readonly Page[];
}

/** Every page of the site, in the order of the sidebar. A test compares this list with the files. */
export const PARTS: readonly Part[] = [
  {
    title: 'First steps',
    pages: [
      ['Start here', 'start'],
      ['Tutorial', 'tutorial'],
      ['Install', 'install'],
      ['Not for you if …', 'not-for-you'],
    ],
  },
  {
    title: 'Guides',
    pages: [
      ['Adopt existing Rollouts', 'adopting'],
      ['From Sloth and Pyrra', 'guides/from-sloth-and-pyrra'],
      ['From Flagger', 'guides/from-flagger'],
      ['From AnalysisTemplates', 'guides/from-analysis-templates'],
      ['The gate for pull requests', 'gate'],
      ['The gate in CI', 'guides/gate-in-ci'],
      ['Freezes and waivers', 'guides/freezes-and-waivers'],
      ['Promotion pipeline', 'pipeline'],
      ['On Kubernetes', 'cluster'],
      ['Several clusters', 'guides/several-clusters'],
      ['Flux', 'guides/flux'],
      ['Reading a verdict', 'guides/reading-a-verdict'],
      ['On call', 'guides/on-call'],
      ['Alerts of an SLO', 'alerts'],
      ['Testing your SLOs', 'testing'],
    ],
  },
  {
    title: 'Concepts',
    pages: [
      ['SLO and burn rate', 'concepts/slo-and-burn-rate'],
      ['Evidence', 'concepts/evidence'],
      ['The release machine', 'release-machine'],
      ['The ledger', 'concepts/ledger'],
      ['Architecture', 'concepts/architecture'],
      ['Screens', 'screens'],
    ],
  },
  {
    title: 'Operations',
    pages: [
      ['Rights', 'operations/rights'],
      ['When a part fails', 'operations/failures'],
      ['Faults of dependencies', 'operations/faults-of-dependencies'],
      ['Watching Sluice', 'operations/watching'],
      ['Sizing', 'operations/sizing'],
      ['Backup and restore', 'operations/backup'],
      ['Upgrade and downgrade', 'operations/upgrade'],
      ['The API over the years', 'operations/api'],
      ['Leaving', 'operations/leaving'],
      ['Support matrix', 'operations/support'],
      ['Troubleshooting', 'troubleshooting'],
      ['Security', 'security'],
    ],
  },
  {
    title: 'Reference',
    pages: [
      ['Declaration: Platform', 'reference/platform'],
      ['Declaration: OpenSLO', 'reference/openslo'],
      ['Declaration: Alerting and SloTest', 'reference/alerting-and-tests'],
      ['Commands', 'reference/commands'],
      ['Exit codes', 'exit-codes'],
      ['Metrics', 'reference/metrics'],
      ['Reason codes', 'reference/reasons'],
      ['Denials of the gate', 'policy'],
      ['Faults and blame', 'faults'],
      ['HTTP API', 'reference/http'],
      ['Values of the charts', 'charts'],
      ['Traces for judge', 'judge'],
      ['Stored data', 'migrations'],
    ],
  },
  {
    title: 'Background',
    pages: [
      ['Comparison', 'comparison'],
      ['Claims and their tests', 'claims'],
      ['Figures', 'figures'],
      ['Cases from the field', 'field'],
      ['Beside Sloth', 'beside-sloth'],
      ['Sloth, document by document', 'sloth'],
      ['Flagger, document by document', 'flagger'],
      ['OpenSLO, document by document', 'openslo'],
      ['Glossary', 'glossary'],
    ],
  },
];

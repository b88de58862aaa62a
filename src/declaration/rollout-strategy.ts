/** How a Rollout moves its users to another version, as far as that matters to whoever follows it. */
export interface RolloutStrategy {
  readonly kind: 'canary' | 'blue-green';
  /** What splits its traffic, such as `istio`; none: the numbers of pods, or a switch. */
  readonly routers: readonly string[];
  /** Requests that reach the new version beside its weight, in words: routes by header, and mirrors. */
  readonly beside: readonly string[];
  /** Templates that a blue-green Rollout asks before and after the switch. */
  readonly pre: readonly string[];
  readonly post: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Keys of `trafficRouting` that are no router. */
const SETTINGS: ReadonlySet<string> = new Set(['managedRoutes', 'maxTrafficWeight', 'plugins']);

function routersOf(trafficRouting: unknown): string[] {
  const routing = fields(trafficRouting);
  const own = Object.keys(routing).filter((key) => !SETTINGS.has(key));
  return [...own, ...Object.keys(fields(routing['plugins']))];
}

/** A route by header, or a mirror, as one of its steps sets it; one that a step removes has no match. */
function besideIn(step: unknown): string[] {
  const { setHeaderRoute, setMirrorRoute } = fields(step);
  const header = fields(setHeaderRoute);
  const mirror = fields(setMirrorRoute);
  const share = mirror['percentage'] === undefined ? '' : `${String(mirror['percentage'])}% `;
  return [
    ...(list(header['match']).length > 0 ? [`header route ${String(header['name'])}`] : []),
    ...(list(mirror['match']).length > 0 ? [`${share}mirror ${String(mirror['name'])}`] : []),
  ];
}

const templatesOf = (analysis: unknown): string[] =>
  list(fields(analysis)['templates']).map((template) => String(fields(template)['templateName'] ?? ''));

/** The strategy of a Rollout, from `spec.strategy` as it is. Total: any value gives one. */
export function rolloutStrategy(strategy: unknown): RolloutStrategy {
  const { canary, blueGreen } = fields(strategy);
  if (blueGreen !== undefined && blueGreen !== null)
    return {
      kind: 'blue-green',
      routers: [],
      beside: [],
      pre: templatesOf(fields(blueGreen)['prePromotionAnalysis']),
      post: templatesOf(fields(blueGreen)['postPromotionAnalysis']),
    };
  const { trafficRouting, steps } = fields(canary);
  const beside = [...new Set(list(steps).flatMap(besideIn))];
  return { kind: 'canary', routers: routersOf(trafficRouting), beside, pre: [], post: [] };
}

/** In a few words, for whoever checks what is followed. */
export function strategyWords({ kind, routers, beside, post }: RolloutStrategy): string {
  if (kind === 'canary') {
    const by = routers.length > 0 ? ` by ${routers.join(' and ')}` : ' by numbers of pods';
    return `canary${by}${beside.length > 0 ? `, with ${beside.join(' and ')} beside its weights` : ''}`;
  }
  return post.length > 0
    ? 'blue-green, judged after the switch until its postPromotionAnalysis ends'
    : 'not judged: blue-green without postPromotionAnalysis';
}

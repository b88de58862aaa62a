import { commandsPage } from './commands.ts';
import { declarationPages } from './declaration.ts';
import { diagrams } from './diagrams.ts';
import { httpPage } from './http.ts';
import { metricsPage } from './metrics.ts';
import { reasonsPage } from './reasons.ts';
import { securityPage } from './security.ts';

/** Every generated page and drawing of the documentation site, by its path from the root of the repository. */
export const generatedPages = async (): Promise<Map<string, string>> =>
  new Map([
    ...declarationPages(),
    ['docs/reference/commands.md', await commandsPage()],
    ['docs/reference/metrics.md', metricsPage()],
    ['docs/reference/reasons.md', reasonsPage()],
    ['docs/reference/http.md', await httpPage()],
    securityPage(),
    ...diagrams(),
  ]);

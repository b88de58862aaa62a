import { ownSlos } from '../../src/runtime/own-slos.ts';
import { clientFiles } from '../api/client.ts';
import { describedApi } from '../api/description.ts';
import { commandsPage } from './commands.ts';
import { declarationPages } from './declaration.ts';
import { diagrams } from './diagrams.ts';
import { httpPage } from './http.ts';
import { metricsPage } from './metrics.ts';
import { reasonsPage } from './reasons.ts';
import { securityPage } from './security.ts';

/** Every generated page and drawing of the documentation site, by its path from the root of the repository. */
export async function generatedPages(): Promise<Map<string, string>> {
  const description = await describedApi();
  return new Map([
    ...declarationPages(),
    ['docs/reference/commands.md', await commandsPage()],
    ['docs/reference/metrics.md', metricsPage()],
    ['docs/reference/reasons.md', reasonsPage()],
    ['docs/reference/http.md', httpPage(description)],
    ['schema/openapi.json', `${JSON.stringify(description, null, 2)}\n`],
    ...clientFiles(description),
    ['examples/sluice/slos.yaml', ownSlos()],
    securityPage(),
    ...diagrams(),
  ]);
}

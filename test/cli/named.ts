import { DOCUMENTS } from '../../src/api/client/operations.ts';

/** How a server names what it answers to this: by the description of its API. */
export function nameFor(method: string | undefined, url: string): string {
  const documents: Readonly<Record<string, string>> = method === 'POST' ? DOCUMENTS.POST : DOCUMENTS.GET;
  const path = url.split('?')[0]!;
  const fits = (template: string) => new RegExp(`${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
  return Object.entries(documents).find(([template]) => fits(template))?.[1] ?? 'sluice.dev/x/v1';
}

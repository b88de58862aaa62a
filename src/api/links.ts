import type { ConsoleLink } from '../declaration/console-links.ts';

export type { ConsoleLink };

/** What a link may name; what is not known here is left out, with the link. */
interface LinkFacts {
  readonly service: string;
  readonly environment: string;
  readonly team?: string | undefined;
  readonly version?: string | undefined;
  readonly digest?: string | undefined;
}

const PLACEHOLDER = /\{(service|environment|team|version|digest)\}/g;

/** Links whose every placeholder is known, in their order. */
export function linksOf(templates: readonly ConsoleLink[], facts: LinkFacts): ConsoleLink[] {
  return templates.flatMap(({ name, url }) => {
    const asked = [...url.matchAll(PLACEHOLDER)].map(([, key]) => facts[key as keyof LinkFacts]);
    if (asked.some((value) => !value)) return [];
    const filled = url.replace(PLACEHOLDER, (_, key: keyof LinkFacts) => encodeURIComponent(facts[key]!));
    return [{ name, url: filled }];
  });
}

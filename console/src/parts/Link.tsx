import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** What an address has behind its path; every value is a text. */
type Search = Readonly<Record<string, string | undefined>>;

/** The scope stays with a reader from page to page. */
const KEPT = ['env', 'team'] as const;

export const useAddress = (): Search => useSearch({ strict: false }) as Search;

/** An address with the scope of the page that one is on. */
function useHref(): (to: string) => string {
  const here = useAddress();
  return (to) => {
    const [path = '/', query] = to.split('?');
    const params = new URLSearchParams(query);
    for (const name of KEPT) if (here[name] && !params.has(name)) params.set(name, here[name]);
    return params.size > 0 ? `${path}?${params}` : path;
  };
}

/** Opens an address; the page keeps what it can. */
export function useGo(): (
  to: string,
  options?: { readonly replace?: boolean; readonly stay?: boolean },
) => void {
  const navigate = useNavigate();
  const href = useHref();
  return (to, { replace = false, stay = false } = {}) =>
    void navigate({ href: href(to), replace, resetScroll: !stay });
}

interface LinkProps {
  readonly to: string;
  readonly children: ReactNode;
  readonly label?: string | undefined;
  readonly className?: string | undefined;
  readonly current?: boolean | undefined;
}

/** A real address that the page opens without loading again. */
export function Link({ to, children, label, className, current }: LinkProps) {
  const go = useGo();
  const href = useHref();
  return (
    <a
      href={href(to)}
      aria-label={label}
      className={className}
      aria-current={current ? 'page' : undefined}
      onClick={(e) => {
        if (e.metaKey || e.ctrlKey || e.shiftKey || e.button !== 0) return;
        e.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}

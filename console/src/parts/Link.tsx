import { createContext, type ReactNode, use } from 'react';

export const LinkContext = createContext<(to: string) => void>(() => {});

/** A real address that the page opens without loading anew. */
export function Link({ to, children, label }: { to: string; children: ReactNode; label?: string }) {
  const go = use(LinkContext);
  return (
    <a
      href={to}
      aria-label={label}
      onClick={(e) => {
        if (e.metaKey || e.ctrlKey || e.shiftKey) return;
        e.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}

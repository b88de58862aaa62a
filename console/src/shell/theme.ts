import { useEffect, useState } from 'react';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const KEY = 'sluice-theme';

/** Light or dark as the system has it, or as this reader chose; kept in this browser. */
export function useTheme(): { theme: Theme; next: Theme; change: () => void } {
  const [theme, setTheme] = useState<Theme>(
    () => THEMES.find((t) => t === localStorage.getItem(KEY)) ?? 'system',
  );
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
  useEffect(() => {
    document.documentElement.style.colorScheme = theme === 'system' ? '' : theme;
    localStorage.setItem(KEY, theme);
    // Charts are drawn in colours of the page: they are drawn again.
    dispatchEvent(new Event('sluice-theme'));
  }, [theme]);
  return { theme, next, change: () => setTheme(next) };
}

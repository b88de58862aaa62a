/** Every page of the navigation, in its order, with the shape that is left of it when it is folded. */
export const PAGES = [
  { to: '/', name: 'Overview', icon: '▦' },
  { to: '/services', name: 'Services', icon: '◫' },
  { to: '/releases', name: 'Releases', icon: '▶' },
  { to: '/pulls', name: 'Pull requests', icon: '⎇' },
  { to: '/pipeline', name: 'Pipeline', icon: '⇉' },
  { to: '/budgets', name: 'Budgets', icon: '◔' },
  { to: '/freezes', name: 'Freezes', icon: '❄' },
  { to: '/notifications', name: 'Notifications', icon: '◎' },
  { to: '/audit', name: 'Audit', icon: '☰' },
  { to: '/what-if', name: 'What if', icon: '⟲' },
  { to: '/architecture', name: 'Architecture', icon: '⌬' },
] as const;

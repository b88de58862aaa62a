import { Command } from 'cmdk';
import { useEffect, useRef } from 'react';
import { useOverview, usePulls, useReleases } from '../api.ts';
import { useGo } from '../parts/Link.tsx';
import { PAGES } from './pages.ts';

interface Found {
  readonly to: string;
  readonly name: string;
  readonly more: string;
}

function Group({
  heading,
  found,
  open,
}: {
  heading: string;
  found: readonly Found[];
  open: (to: string) => void;
}) {
  if (found.length === 0) return null;
  return (
    <Command.Group heading={heading}>
      {found.map(({ to, name, more }) => (
        <Command.Item key={to} value={`${name} ${more} ${to}`} onSelect={() => open(to)}>
          {name} <span className="soft">{more}</span>
        </Command.Item>
      ))}
    </Command.Group>
  );
}

/** Everything that has a page: found by its name, opened by Enter. */
function useFound(): Record<'services' | 'releases' | 'pulls', readonly Found[]> {
  const lanes = useOverview().data?.lanes ?? [];
  const releases = useReleases().data?.releases ?? [];
  const pulls = usePulls().data?.pulls ?? [];
  return {
    services: [...new Set(lanes.map((l) => l.service))].sort().map((name) => ({
      to: `/services/${name}`,
      name,
      more: 'service',
    })),
    releases: releases.slice(0, 300).map((r) => ({
      to: `/releases/${encodeURIComponent(r.id)}`,
      name: `${r.service} ${r.version}`,
      more: `in ${r.environment}`,
    })),
    pulls: pulls.map((p) => ({ to: `/pulls/${p.number}`, name: `#${p.number} ${p.title}`, more: p.author })),
  };
}

/** Search over services, releases, pull requests and pages. */
export function Palette({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const go = useGo();
  const found = useFound();
  useEffect(() => dialog.current?.showModal(), []);
  const open = (to: string) => {
    dialog.current?.close();
    go(to);
  };
  return (
    <dialog ref={dialog} className="palette" aria-label="Search" onClose={close}>
      <Command label="Search services, releases, pull requests and pages" loop>
        <Command.Input autoFocus placeholder="Service, release, pull request or page …" />
        <Command.List label="Results">
          <Command.Empty>Nothing has this name.</Command.Empty>
          <Group
            heading="Pages"
            found={PAGES.map(({ to, name }) => ({ to, name, more: 'page' }))}
            open={open}
          />
          <Group heading="Services" found={found.services} open={open} />
          <Group heading="Pull requests" found={found.pulls} open={open} />
          <Group heading="Releases" found={found.releases} open={open} />
        </Command.List>
      </Command>
    </dialog>
  );
}

import { describe, expect, it } from 'vitest';
import { tool } from '../tools.ts';
import { documents, kinds, made, SLUICE, template, text, the, valuesFile } from './chart.ts';
import type { Resource } from './platform.ts';
import { podOf, restrictedViolations } from './restricted.ts';

const platform = (ledger: string) =>
  `# Ours\napiVersion: sluice.dev/v1\nkind: Platform\nmetadata: { name: shop }\nspec:\n${ledger}  services: []\n`;
const POSTGRES = '  ledger:\n    postgres: { url: { secretRef: { env: SLUICE_LEDGER_URL } } }\n';
const slos = 'kind: SLO\nspec: { ledger: { postgres: { url: 1 } } }\n';
const shared = {
  declaration: { 'slos.yaml': slos, 'platform.yaml': `---\n${slos}---\n${platform(POSTGRES)}` },
};
const alone = { declaration: { 'slos.yaml': slos, 'platform.yaml': platform('') } };

const server = (values: object): Resource => the(made(SLUICE, values), 'Deployment');
const refused = (values: object, name = 'api'): string => {
  const answer = template(SLUICE, [valuesFile(values)], { name });
  expect(answer.status).not.toBe(0);
  return answer.stderr;
};
const workOf = (r: Resource) => podOf(r).volumes!.find((v) => v.name === 'work');

describe.skipIf(!tool('helm'))('the chart of Sluice itself', () => {
  it('CHART-24: two servers without PostgreSQL are refused, and with it they are what there is', () => {
    expect(refused({ ...alone, replicas: 2 })).toContain(
      'replicas: 2 servers cannot share a ledger file. Next: declare PostgreSQL',
    );
    expect(server(shared).spec['replicas']).toBe(2);
    expect(server(alone).spec['replicas']).toBe(1);
    expect(server({ ...shared, replicas: 3 }).spec['replicas']).toBe(3);
  });

  it('CHART-24: of a declaration that is elsewhere one says where its ledger is', () => {
    const elsewhere = { declarationConfigMap: 'ours' };
    expect(refused(elsewhere)).toContain('Next: set ledger');
    expect(refused({ ...elsewhere, ledger: 'file', replicas: 2 })).toContain('cannot share a ledger');
    expect(server({ ...elsewhere, ledger: 'postgres' }).spec['replicas']).toBe(2);
    expect(refused({ ...alone, ledger: 'postgres' })).toContain(
      'contradicts the declaration, which says file',
    );
    expect(refused({ ...shared, ...elsewhere })).toContain('Next: remove one of them');
  });

  it('CHART-25: a ledger in a file has a volume that outlives its pod and its release, and one writer at a time', () => {
    const list = made(SLUICE, { ...alone, persistence: { storageClass: 'fast', size: '5Gi' } });
    const claim = the(list, 'PersistentVolumeClaim');
    expect(claim).toMatchObject({
      metadata: { name: 'api-ledger', annotations: { 'helm.sh/resource-policy': 'keep' } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'fast',
        resources: { requests: { storage: '5Gi' } },
      },
    });
    const deployment = the(list, 'Deployment');
    expect(workOf(deployment)).toEqual({
      name: 'work',
      persistentVolumeClaim: { claimName: 'api-ledger' },
    });
    expect(deployment.spec['strategy']).toEqual({ type: 'Recreate' });
  });

  it('CHART-25: a claim of one’s own is used; with PostgreSQL, or for a trial, there is none', () => {
    const own = made(SLUICE, { ...alone, persistence: { existingClaim: 'mine' } });
    expect(workOf(the(own, 'Deployment'))).toMatchObject({ persistentVolumeClaim: { claimName: 'mine' } });
    for (const list of [
      own,
      made(SLUICE, shared),
      made(SLUICE, { ...alone, persistence: { enabled: false } }),
    ])
      expect(kinds(list).filter((k) => k.startsWith('PersistentVolumeClaim'))).toEqual([]);
    expect(workOf(server(shared))).toEqual({ name: 'work', emptyDir: {} });
    expect(server(shared).spec['strategy']).toMatchObject({ type: 'RollingUpdate' });
  });

  it('CHART-26: everything is named by its release, so that two of them stand beside each other', () => {
    const values = {
      ...shared,
      rbac: { namespaces: ['shop', 'prod'], argoCd: 'argocd', flux: 'flux-system' },
    };
    const of = (name: string, namespace: string) =>
      documents(text(SLUICE, [valuesFile(values)], { name, namespace })).map(
        (r) => `${r.kind} ${r.metadata.namespace ?? namespace}/${r.metadata.name}`,
      );
    const all = [...of('one', 'shop'), ...of('two', 'shop'), ...of('one', 'elsewhere')];
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(
      expect.arrayContaining(['Role shop/one', 'Role prod/shop-one', 'Role prod/elsewhere-one']),
    );
    expect(refused(shared, 'a'.repeat(51))).toContain('has 51 characters');
  });

  it('CHART-26: each role is bound to the account of its release', () => {
    const list = made(SLUICE, {
      ...shared,
      rbac: { namespaces: ['prod'], argoCd: 'argocd', flux: 'flux-system' },
    });
    const roles = list.filter((r) => r.kind === 'Role').map((r) => r.metadata.name);
    const bound = list.filter((r) => r.kind === 'RoleBinding') as unknown as {
      roleRef: { name: string };
      subjects: object[];
    }[];
    expect(bound.map((b) => b.roleRef.name)).toEqual(roles);
    for (const { subjects } of bound)
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name: 'api', namespace: 'shop' }]);
  });

  it('CHART-27: of a cluster that a server elsewhere follows, the rights alone are installed', () => {
    const values = { rightsOnly: true, rbac: { namespaces: ['prod'], tokenSecret: true } };
    const list = made(SLUICE, values);
    expect(kinds(list)).toEqual([
      'Role/shop-api',
      'RoleBinding/shop-api',
      'Secret/api-token',
      'ServiceAccount/api',
    ]);
    expect(the(list, 'Secret')).toMatchObject({
      metadata: { annotations: { 'kubernetes.io/service-account.name': 'api' } },
      type: 'kubernetes.io/service-account-token',
    });
    expect(kinds(made(SLUICE, { rightsOnly: true }))).toEqual([
      'Role/api',
      'RoleBinding/api',
      'ServiceAccount/api',
    ]);
    const rules = (of: object) => (the(made(SLUICE, of), 'Role') as unknown as { rules: object[] }).rules;
    expect(rules(values)).toEqual(rules({ ...shared, rbac: { namespaces: ['prod'] } }));
  });

  it.each([
    ['with PostgreSQL', shared],
    ['with a file', { ...alone, secretFiles: ['forge'] }],
  ])('CHART-7: its pod fits the profile restricted, %s', (_, values) =>
    expect(restrictedViolations(podOf(server(values)))).toEqual([]),
  );

  it('CHART-18: common labels and annotations are on every object of it and on no pod; monitors have their own', () => {
    const values = { ...alone, commonLabels: { team: 'a' }, commonAnnotations: { owner: 'a' } };
    const list = made(SLUICE, { ...values, metrics: { labels: { release: 'kps' } } });
    for (const { kind, metadata } of list) {
      expect(metadata.labels, kind).toMatchObject({ team: 'a' });
      expect(metadata.annotations, kind).toMatchObject({ owner: 'a' });
    }
    expect(the(list, 'PodMonitor').metadata.labels).toMatchObject({ release: 'kps' });
    expect(the(list, 'Deployment').spec['template']).toEqual(server(alone).spec['template']);
  });

  it('CHART-3: the declaration comes as it was given', () => {
    const { data } = the(made(SLUICE, shared), 'ConfigMap') as unknown as { data: Record<string, string> };
    expect(data).toEqual(shared.declaration);
  });
});

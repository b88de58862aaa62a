import { KubeConfig, type User } from '@kubernetes/client-node';
import { messageOf } from '../../kit/result.ts';
import { readYaml, type YamlLimits } from '../../kit/yaml.ts';
import { within } from '../clock.ts';

export interface KubernetesPlace {
  /** Text of a kubeconfig; null: the cluster that this process runs in, else the usual kubeconfig. */
  readonly kubeconfig: string | null;
  readonly context: string | null;
  /** Reads the text again, after its credentials were refused: it may have been replaced. */
  readonly again?: () => string | null;
}

const LIMITS: YamlLimits = { characters: 1_048_576, documents: 2, depth: 32, size: 1_048_576 };

/** Where a kubeconfig says that the token of each user is; what the client library reads once, or not at all. */
function tokenFiles(text: string): ReadonlyMap<string, string> {
  const config = readYaml(text, LIMITS).documents[0]?.value as
    | { users?: readonly { name?: unknown; user?: Record<string, unknown> }[] }
    | null
    | undefined;
  return new Map(
    (config?.users ?? []).flatMap(({ name, user }): [string, string][] => {
      const file = user?.['tokenFile'] ?? user?.['token-file'];
      return typeof name === 'string' && typeof file === 'string' ? [[name, file]] : [];
    }),
  );
}

interface Plugin {
  readonly command?: string;
  readonly apiVersion?: string;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
}

const pluginOf = (user: User | null): Plugin | null => (user?.exec as Plugin | undefined) ?? null;

/** What plugins are told by kubectl: some of them refuse to run without it. */
const infoFor = ({ apiVersion = 'client.authentication.k8s.io/v1' }: Plugin): string =>
  JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });

function completed(user: User, files: ReadonlyMap<string, string>): User {
  const tokenFile = files.get(user.name);
  const plugin = pluginOf(user);
  // A token file is read again as it is rotated; a plugin is told what kubectl tells it.
  if (tokenFile !== undefined) {
    const { token: _, ...rest } = user;
    return { ...rest, authProvider: { name: 'tokenFile', config: { tokenFile } } };
  }
  if (!plugin) return user;
  const env = [...(plugin.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: infoFor(plugin) }];
  return { ...user, exec: { ...plugin, env } };
}

/** A kubeconfig as it is now. Throws where it cannot be read. */
export function loadKubeconfig({ context }: KubernetesPlace, text: string | null): KubeConfig {
  const config = new KubeConfig();
  if (text === null) config.loadFromDefault();
  else config.loadFromString(text);
  const files = text === null ? new Map<string, string>() : tokenFiles(text);
  config.users = config.users.map((user) => completed(user, files));
  if (context !== null) config.setCurrentContext(context);
  return config;
}

const PLUGIN_MS = 15_000;
const SHOWN = 300;
const IN_PLACE =
  'use a kubeconfig with tokenFile, or run an image that has the plugin (docs/guides/several-clusters.md)';

/** Runs what asks a plugin for credentials; why it failed names the plugin, and what to do. */
export async function withPlugin<T>(config: KubeConfig, work: () => Promise<T>): Promise<T> {
  const plugin = pluginOf(config.getCurrentUser());
  if (!plugin) return work();
  const name = plugin.command ?? '';
  try {
    return await within(work(), PLUGIN_MS, `the plugin ${name}`);
  } catch (thrown) {
    const missing = (thrown as { code?: unknown }).code === 'ENOENT';
    throw new Error(
      missing
        ? `the kubeconfig signs in with the plugin ${name}, which is not in the PATH of Sluice: ${IN_PLACE}`
        : `the plugin ${name} of the kubeconfig failed: ${messageOf(thrown).trim().slice(0, SHOWN) || 'it says not why'}`,
    );
  }
}

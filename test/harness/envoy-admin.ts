import { Client } from 'undici';

/** Names of what an Envoy holds. */
export interface EnvoyContents {
  readonly listeners: readonly string[];
  readonly clusters: readonly string[];
}

/** The admin interface of the instance's Envoy. */
export interface EnvoyAdmin {
  /** Body of an answer. @throws Error for any status but 200 */
  text(path: string): Promise<string>;
  /** Names of active listeners and of clusters that came by xDS, sorted. */
  contents(): Promise<EnvoyContents>;
  /** The whole of `/config_dump?include_eds`, as text. */
  dump(): Promise<string>;
}

interface Named {
  readonly name?: string;
  readonly active_state?: object;
  readonly cluster?: { readonly name: string };
}

/** @param socket asked anew for each request: another Envoy may have taken its place. */
export function envoyAdmin(socket: () => string): EnvoyAdmin {
  const text = async (path: string): Promise<string> => {
    const client = new Client('http://envoy', { socketPath: socket() });
    try {
      const answer = await client.request({ path, method: 'GET' });
      const body = await answer.body.text();
      if (answer.statusCode !== 200)
        throw new Error(`Envoy answered ${answer.statusCode} to ${path}: ${body.slice(0, 300)}`);
      return body;
    } finally {
      await client.destroy();
    }
  };
  const resources = async (resource: string): Promise<readonly Named[]> => {
    const dump = JSON.parse(await text(`/config_dump?resource=${resource}`)) as { configs?: Named[] };
    return dump.configs ?? [];
  };
  return {
    text,
    dump: () => text('/config_dump?include_eds'),
    contents: async () => {
      const listeners = (await resources('dynamic_listeners')).flatMap(({ name, active_state }) =>
        name === undefined || active_state === undefined ? [] : [name],
      );
      const clusters = (await resources('dynamic_active_clusters')).flatMap(({ cluster }) =>
        cluster === undefined ? [] : [cluster.name],
      );
      return { listeners: listeners.sort(), clusters: clusters.sort() };
    },
  };
}

import type { RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { SluiceError } from '@sluice/service-kit';
import { Agent, type buildConnector, ProxyAgent } from 'undici';
import type { ApiAccess } from './api-client.ts';

/**
 * Reaches the API server as a kubeconfig file says, or, without one, as a Pod does with its ServiceAccount.
 * @throws SluiceError `file-unreadable` where the file cannot be used, or there is none and this is no Pod
 */
export async function apiAccess(kubeconfig: string | undefined): Promise<ApiAccess> {
  // Loading it takes a quarter of a second, which a service that reads files need not spend.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    throw unusable(kubeconfig, cause);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster.server.includes('undefined')) throw unusable(kubeconfig, undefined);
  const tls: Parameters<typeof config.applyToHTTPSOptions>[0] = {};
  await config.applyToHTTPSOptions(tls);
  const how = config.createDispatcherOptions(cluster, tls);
  if (how.type === 'socks') throw unusable(kubeconfig, new Error('a SOCKS proxy is not supported'));
  const dispatcher =
    how.type === 'proxy'
      ? new ProxyAgent({ uri: how.uri, requestTls: given(how.requestTls) })
      : new Agent({ allowH2: false, ...(how.type === 'agent' ? { connect: given(how.connect) } : {}) });
  return {
    server: cluster.server.replace(/\/+$/, ''),
    authorization: () => authorizationOf(config),
    dispatcher,
  };
}

async function authorizationOf(config: KubeConfig): Promise<string | undefined> {
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const value = Object.entries(options.headers ?? {}).find(([name]) => name === 'Authorization')?.[1];
  if (typeof value === 'string') return value;
  return typeof options.auth === 'string'
    ? `Basic ${Buffer.from(options.auth).toString('base64')}`
    : undefined;
}

/** Only what is set: undici tells absent from undefined. */
function given(options: ConnectionOptions): buildConnector.BuildOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function unusable(kubeconfig: string | undefined, cause: unknown): SluiceError {
  return new SluiceError(
    'file-unreadable',
    kubeconfig === undefined
      ? 'this process is not a Pod with a ServiceAccount, and no kubeconfig file is named'
      : `the kubeconfig file ${kubeconfig} cannot be used`,
    { hint: 'set SLUICE_KUBECONFIG to a kubeconfig file with a current context', cause },
  );
}

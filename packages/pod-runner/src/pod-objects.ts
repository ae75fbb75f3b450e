import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';

/** Names of files or variables, and what they hold. */
export type Entries = ReadonlyMap<string, Buffer>;

/** Reads what Pods refer to. A missing object that is optional is empty. */
export class PodObjects {
  readonly #core: CoreV1Api;

  constructor(kubeConfig: KubeConfig) {
    this.#core = kubeConfig.makeApiClient(CoreV1Api);
  }

  async secret(namespace: string, name: string, optional = false): Promise<Entries> {
    return emptyIfMissing(optional, async () => {
      const { data = {} } = await this.#core.readNamespacedSecret({ namespace, name });
      return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
    });
  }

  async configMap(namespace: string, name: string, optional = false): Promise<Entries> {
    return emptyIfMissing(optional, async () => {
      const { data = {}, binaryData = {} } = await this.#core.readNamespacedConfigMap({ namespace, name });
      return new Map([
        ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const),
        ...Object.entries(binaryData).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
      ]);
    });
  }

  /** A token that is bound to the Pod. */
  async token(request: {
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly audience: string | undefined;
    readonly expirationSeconds: number;
    readonly pod: { readonly name: string; readonly uid: string };
  }): Promise<string> {
    const { namespace, serviceAccount, audience, expirationSeconds, pod } = request;
    const { status } = await this.#core.createNamespacedServiceAccountToken({
      namespace,
      name: serviceAccount,
      body: {
        spec: {
          audiences: audience === undefined ? [] : [audience],
          expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...pod },
        },
      },
    });
    return status?.token ?? '';
  }
}

async function emptyIfMissing(optional: boolean, read: () => Promise<Entries>): Promise<Entries> {
  try {
    return await read();
  } catch (error) {
    if (optional && error instanceof Error && 'code' in error && error.code === 404) return new Map();
    throw error;
  }
}

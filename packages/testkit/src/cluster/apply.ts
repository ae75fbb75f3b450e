import {
  CoreV1Api,
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
} from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { until } from '../until.ts';

/** An object as a manifest has it. */
export type Manifest = KubernetesObject & { readonly [field: string]: unknown };

/** The objects of YAML texts, in their order. @throws Error on text that is not YAML */
export function parseManifests(texts: readonly string[]): Manifest[] {
  return texts.flatMap((text) =>
    parseAllDocuments(text).flatMap((document) => {
      const [fault] = document.errors;
      if (fault !== undefined) throw fault;
      const object = document.toJS() as Manifest | null;
      return object === null ? [] : [object];
    }),
  );
}

/**
 * Applies objects (server-side apply with force, field manager `sluice-testkit`) one after the other, and then waits until each CRD
 * among them is served.
 * @throws ApiException of the API server, with its message
 */
export async function applyObjects(kubeConfig: KubeConfig, objects: readonly Manifest[]): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(kubeConfig);
  for (const object of objects)
    await api.patch(object, undefined, undefined, 'sluice-testkit', true, PatchStrategy.ServerSideApply);
  for (const object of objects.filter(({ kind }) => kind === 'CustomResourceDefinition'))
    await until(async () => isEstablished(await api.read(headerOf(object))), {
      message: `CRD ${object.metadata?.name} to be served`,
    });
}

/** A token of a ServiceAccount (made if it is not there), valid for an hour. */
export async function serviceAccountToken(
  kubeConfig: KubeConfig,
  account: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const { namespace, name } = account;
  const metadata = { namespace, name };
  await applyObjects(kubeConfig, [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata }]);
  const { status } = await kubeConfig.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
    ...metadata,
    body: { spec: { audiences: [], expirationSeconds: 3600 } },
  });
  if (status?.token === undefined) throw new Error(`the API server gave no token for ${namespace}/${name}`);
  return status.token;
}

function headerOf({ apiVersion = '', kind = '', metadata }: Manifest) {
  const { name = '', namespace } = metadata ?? {};
  return { apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace } };
}

function isEstablished(crd: object): boolean {
  const { status } = crd as { status?: { conditions?: { type: string; status: string }[] } };
  return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') ?? false;
}

import {
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  makeInformer,
} from '@kubernetes/client-node';

/** What happens to objects. */
export interface ObjectListener<T> {
  /** It is new, or has changed. */
  onObject(object: T): void;
  onGone(object: T): void;
}

const againMs = 500;

/** Lists and watches for as long as this process lives; a watch that breaks begins anew with a list. */
export async function follow<T extends KubernetesObject>(
  kubeConfig: KubeConfig,
  { path, list }: { readonly path: string; readonly list: () => Promise<KubernetesListObject<T>> },
  { onObject, onGone }: ObjectListener<T>,
): Promise<void> {
  const informer = makeInformer<T>(kubeConfig, path, list);
  informer.on('add', onObject);
  informer.on('update', onObject);
  informer.on('delete', onGone);
  const start = async (): Promise<void> => {
    try {
      await informer.start();
    } catch (error) {
      process.stderr.write(`${path}: ${String(error)}\n`);
      setTimeout(() => void start(), againMs);
    }
  };
  informer.on('error', () => void setTimeout(() => void start(), againMs));
  await start();
}

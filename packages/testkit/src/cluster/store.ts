import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import type { Manifest } from './apply.ts';
import { etcdUrl } from './components.ts';

/** A resource of a CRD. */
export interface CustomResource {
  /** As `gateway.networking.k8s.io`. */
  readonly group: string;
  /** As `httproutes`. */
  readonly plural: string;
}

/** What is put into etcd. */
export interface StoredObject {
  readonly key: string;
  readonly value: string;
}

/** Fewer than etcd takes in one transaction (128). */
const perTransaction = 100;

/**
 * A namespaced object of a CRD as kube-apiserver itself would store it: JSON, with what it gives to a new object. Defaults of the schema are added
 * whenever it is read.
 */
export function storedObject({ group, plural }: CustomResource, object: Manifest): StoredObject {
  const { name = '', namespace = 'default' } = object.metadata ?? {};
  const given = {
    uid: randomUUID(),
    generation: 1,
    creationTimestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const metadata = { ...object.metadata, namespace, ...given };
  return {
    key: `/registry/${group}/${plural}/${namespace}/${name}`,
    value: JSON.stringify({ ...object, metadata }),
  };
}

/** Puts objects into etcd, beside a living kube-apiserver, which sees them as any other change. @throws Error of etcd */
export async function putAll(objects: readonly StoredObject[]): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  for (let from = 0; from < objects.length; from += perTransaction) {
    const success = objects
      .slice(from, from + perTransaction)
      .map(({ key, value }) => ({ request_put: { key: base64(key), value: base64(value) } }));
    await post('/v3/kv/txn', { success });
  }
}

/** Asks etcd over its JSON gateway. @throws Error with what it answers */
export async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await request(`${etcdUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`etcd answered ${answer.statusCode}: ${text}`);
  return JSON.parse(text);
}

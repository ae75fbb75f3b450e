// More hosts with TLS than a Gateway has room for, ended and passed through.
import { expect, test } from 'vitest';
import { answering, answerOf, converted, surroundings } from './convert.fixture.ts';

const hosts = Array.from({ length: 150 }, (_, i) => `h${String(i).padStart(3, '0')}.example`);

function ingress(annotations: Record<string, string>): object {
  const backend = (i: number) => ({ service: { name: `s${1 + (i % 3)}`, port: { number: 80 } } });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'many', annotations },
    spec: {
      ingressClassName: 'cilium',
      tls: [{ hosts, secretName: 'c1' }],
      rules: hosts.map((host, i) => ({
        host,
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend(i) }] },
      })),
    },
  };
}

interface Converted {
  readonly kind: string;
  readonly spec: { readonly listeners?: readonly object[] };
}

test.each([
  ['ended', {}, [64, 64, 23]],
  ['passed through', { 'ingress.cilium.io/tls-passthrough': 'enabled' }, [64, 64, 22]],
] as const)(
  '%s: the rest stands in ListenerSets, and each host answers as before',
  (_what, annotations, sizes) => {
    const source = ingress(annotations);
    const { objects, notes } = converted([...surroundings, source]);
    const holders = (objects as readonly Converted[]).filter(({ spec }) => spec.listeners !== undefined);
    expect(holders.map(({ kind }) => kind)).toEqual(['Gateway', 'ListenerSet', 'ListenerSet']);
    expect(holders.map(({ spec }) => spec.listeners?.length)).toEqual(sizes);
    expect(notes.filter(({ message }) => message.includes('would be refused'))).toEqual([]);
    const [before, after] = [answering([...surroundings, source]), answering([...surroundings, ...objects])];
    for (const host of [hosts[0], hosts[62], hosts[63], hosts[64], hosts[149], 'else.example'].map(String)) {
      const asked = { host, path: '/', method: 'GET', headers: [], port: 443, tls: { sni: host } };
      const [old, now] = [before, after].map((world) =>
        answerOf(world, { ...asked, address: [...world.addresses.values()][0] ?? '' }),
      );
      expect([host, now]).toEqual([host, old]);
    }
  },
);

// A GRPCRoute from a manifest to a real gRPC server, as a user has it.
import { callGrpc, type GrpcBackend, serviceObjects, startGrpcBackend, until } from '@sluice/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gateway } from '../../harness/objects.ts';
import { type Sluice, startSluice } from '../../harness/sluice.ts';

const stack = new AsyncDisposableStack();
let sluice: Sluice;
let backend: GrpcBackend;

beforeAll(async () => {
  backend = stack.use(await startGrpcBackend({ name: 'orders', methods: ['/shop.v1.Orders/Get'] }));
  const endpoint = { address: '127.0.0.1', port: backend.port };
  const route = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GRPCRoute',
    metadata: { name: 'orders', namespace: 'default' },
    spec: {
      parentRefs: [{ name: 'edge' }],
      rules: [
        {
          matches: [{ method: { service: 'shop.v1.Orders' } }],
          backendRefs: [{ name: 'orders', port: 8080 }],
        },
        {
          matches: [{ method: { service: 'shop.v1.Gone', method: 'Get' } }],
          backendRefs: [{ name: 'gone', port: 80 }],
        },
      ],
    },
  };
  const services = serviceObjects({ name: 'orders', endpoints: [endpoint] });
  const manifests = { 'gateway.yaml': gateway('edge'), 'route.yaml': route, 'services.yaml': services };
  sluice = stack.use(await startSluice({ manifests }));
});
afterAll(() => stack.disposeAsync());

it('a call reaches its backend; others are UNIMPLEMENTED or UNAVAILABLE', async () => {
  const { address, port } = await sluice.target('edge', 80);
  const at = `${address}:${port}`;
  await until(async () => (await callGrpc({ at, path: '/shop.v1.Orders/Get' })).code === 'OK');
  const answer = await callGrpc({ at, path: '/shop.v1.Orders/Get', message: 'one' });
  expect(answer.echo).toMatchObject({ backend: 'orders', message: 'one' });
  expect((await callGrpc({ at, path: '/shop.v1.Other/Get' })).code).toBe('UNIMPLEMENTED');
  expect((await callGrpc({ at, path: '/shop.v1.Gone/Get' })).code).toBe('UNAVAILABLE');
});

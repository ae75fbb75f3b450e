// The manifests of the talk: as they stand on the slide they get the mend and harm nothing; mended they serve.
import { readFileSync } from 'node:fs';
import {
  type EchoRequest,
  makeCa,
  makeCertificate,
  request,
  serviceObjects,
  startBackend,
  tlsSecret,
  until,
} from '@sluice/testkit';
import { afterAll, expect, it } from 'vitest';
import { useSluice } from '../../harness/use-sluice.ts';

const slides = ['path-routing', 'tls-termination', 'weighted-split'];
const ports = { details: 9080, 'echo-1': 8080, 'echo-2': 8090 };

const ca = await makeCa();
const certificate = await makeCertificate({ dnsNames: ['bookinfo.cilium.rocks'], ca });
const backends = await Promise.all(Object.keys(ports).map((name) => startBackend({ name })));
afterAll(async () => {
  for (const backend of backends) await backend.close();
});

function manifests(folder: 'as-on-the-slide' | 'mended'): Record<string, string> {
  const read = (slide: string) =>
    readFileSync(new URL(`../../../examples/slides/${folder}/${slide}.yaml`, import.meta.url), 'utf8');
  return Object.fromEntries(slides.map((slide) => [`${slide}.yaml`, read(slide)]));
}

const world = useSluice({
  backends: [],
  manifests: () => ({
    ...manifests('as-on-the-slide'),
    'services.yaml': backends.flatMap((backend) =>
      serviceObjects({
        name: backend.name,
        port: ports[backend.name as keyof typeof ports],
        endpoints: [backend],
      }),
    ),
    'secret.yaml': [tlsSecret('demo-cert', certificate)],
  }),
});

it('as on the slide: each route is named with its mend, and the Gateways are in force', async () => {
  const { sluice } = world();
  const { output, code } = await sluice.cli('status');
  expect(code).toBe(1);
  for (const slide of slides) expect(output).toContain(`${slide}.yaml`);
  expect(output).toContain('move it under spec.rules[0].backendRefs');
  const target = await sluice.target('my-gateway', 80);
  expect((await request({ ...target, path: '/details' })).status).toBe(404);
});

it('mended: paths, TLS by name, and three to one', async () => {
  const { sluice } = world();
  sluice.write(manifests('mended'));
  const http = await sluice.target('my-gateway', 80);
  const https = await sluice.target('tls-gateway', 443);
  const served = async (path: string) => (await request({ ...http, path })).status === 200;
  await until(() => served('/echo'), { message: '/echo to be served' });
  await until(() => served('/details/1'), { message: '/details to be served' });
  expect((await request({ ...http, path: '/details/1' })).json<EchoRequest>().name).toBe('details');
  expect((await request({ ...http, path: '/detailsx' })).status).toBe(404);

  const secure = () =>
    request({
      ...https,
      host: 'bookinfo.cilium.rocks',
      path: '/details',
      tls: { servername: 'bookinfo.cilium.rocks', ca: ca.pem },
    });
  await until(async () => (await secure()).status === 200, {
    message: 'TLS to be served',
  });

  const names: string[] = [];
  for (let n = 0; n < 400; n += 1)
    names.push((await request({ ...http, path: '/echo' })).json<EchoRequest>().name);
  const first = names.filter((name) => name === 'echo-1').length;
  // Five standard deviations of a binomial with n = 400, p = 0.75 are 43.
  expect(first).toBeGreaterThan(257);
  expect(first).toBeLessThan(343);
  expect(new Set(names)).toEqual(new Set(['echo-1', 'echo-2']));
  expect((await sluice.cli('status')).code).toBe(0);
});

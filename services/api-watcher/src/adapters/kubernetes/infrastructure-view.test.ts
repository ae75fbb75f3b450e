import type { ServerResponse } from 'node:http';
import { createLogger } from '@sluice/service-kit';
import { until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { asApiObject } from '../../core/kubernetes/api-object.ts';
import { line, objectNamed, page, send, startFaultyApi } from './faulty-api.fixture.ts';
import { InfrastructureView } from './infrastructure-view.ts';
import { productionReflectorTimes } from './reflector.ts';

test('what a write answered does not take the place of what the watch has told since the write began', async () => {
  let services: ServerResponse | undefined;
  await using server = await startFaultyApi(({ watch, path }, response) => {
    if (!watch) send(response, 200, page([], 1));
    else response.writeHead(200).flushHeaders();
    if (watch && path.endsWith('/services')) services = response;
  });
  const view = new InfrastructureView({
    api: server.api,
    namespace: 'sluice-system',
    logger: createLogger({ service: 'api-watcher', version: '0', replica: 'test', level: 'silent' }),
    times: productionReflectorTimes,
    changed: () => {},
  });
  const abort = new AbortController();
  view.start(abort.signal);
  try {
    await until(() => view.complete && services !== undefined);
    const answer = (version: number) =>
      asApiObject({ kind: 'Service', ...objectNamed('edge', version) }) ?? expect.unreachable();
    const known = () => view.find('Service', 'default/edge')?.metadata.resourceVersion;

    view.put(answer(5), view.told);
    expect(known()).toBe('5');

    const before = view.told;
    services?.write(line('MODIFIED', { kind: 'Service', ...objectNamed('edge', 7) }));
    await until(() => known() === '7');
    view.put(answer(6), before);
    expect(known()).toBe('7');
  } finally {
    abort.abort();
  }
});

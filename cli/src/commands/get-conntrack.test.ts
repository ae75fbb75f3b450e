import { createMemoryLog } from '@sluice/event-log';
import {
  type Connection,
  type DatapathQuestion,
  datapathAnswerSubject,
  datapathAskFilter,
  decodeDatapathQuestion,
  encodeDatapathAnswer,
} from '@sluice/events';
import { expect, test } from 'vitest';
import { World } from '../model/world.ts';
import { showConntrack } from './get-conntrack.ts';

const connection: Connection = {
  protocol: 'TCP',
  client: { address: '198.51.100.7', port: 4100 },
  frontend: { address: '192.0.2.1', port: 30_080 },
  backend: { address: 'fd00::2', port: 8080 },
  ...{ nodePort: 61_000, state: 'established', idleMs: 2_600 },
};

/** A log with agents that answer what they are told to, and a world that knows them and a Service. */
function setup(nodes: readonly string[]) {
  const log = createMemoryLog();
  const asked: DatapathQuestion['about'][] = [];
  log.listen(datapathAskFilter, (data) => {
    const { id, about } = decodeDatapathQuestion(data);
    asked.push(about);
    const [node = ''] = nodes;
    const answer = { kind: 'conntrack' as const, node, connections: [connection], total: 3 };
    log.notify(datapathAnswerSubject(id), encodeDatapathAnswer(answer));
  });
  const world = new World();
  for (const node of nodes)
    world.datapaths.set(node, {
      ...{ type: 'DatapathStateChanged', agent: `bpf-agent-${node}`, node, state: 'running', acked: null },
      ...{ fault: '', settings: { zone: '', ipv4: '', ipv6: '', tableSize: 251 }, mapsHash: '' },
    });
  world.ir.set('l4-service:shop/web', {
    revision: { epoch: 1, seq: 1 },
    resource: {
      kind: 'l4-service',
      key: 'shop/web',
      source: { group: '', kind: 'Service', namespace: 'shop', name: 'web' },
      generation: 1,
      frontends: [
        { address: '0.0.0.0', port: 30_080, protocol: 'TCP', type: 'node-port', endpoints: 'shop/web/80' },
      ],
    },
  });
  return { log, world, asked };
}

test('a connection in words, with the Service that its node port is of', async () => {
  const { log, world, asked } = setup(['n1']);
  const { rows, notes } = await showConntrack(log, world, { name: 'web', client: '198.51.100.7' });
  expect(rows).toEqual([
    [
      ...['n1', 'shop/web', '198.51.100.7:4100', '192.0.2.1:30080/TCP', '[fd00::2]:8080'],
      ...['established', '3 s', 'sent on from port 61000 of this node'],
    ],
  ]);
  expect(notes).toEqual(['node n1 has 3, of which 1 are shown: see --limit']);
  expect(asked).toEqual([
    {
      ...{ kind: 'conntrack', limit: 100, client: '198.51.100.7' },
      frontends: [{ protocol: 'TCP', address: '0.0.0.0', port: 30_080 }],
    },
  ]);
});

test('no agent, and a client that is no address, are told with their mend', async () => {
  const none = setup([]);
  await expect(showConntrack(none.log, none.world, { name: undefined })).rejects.toThrow('no agent');
  const { log, world } = setup(['n1']);
  await expect(showConntrack(log, world, { name: undefined, client: 'web' })).rejects.toThrow(
    '--client web is no IP address',
  );
});

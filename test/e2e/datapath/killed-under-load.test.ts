// Agents that are killed while connections carry bytes without a pause and new ones are made all the time, from pods and from outside,
// by backends on the node and on another: nothing is reset, and each byte comes back as it was sent.
import { describeIf, until } from '@sluice/testkit';
import type { Machine, Pod } from '@sluice/testkit/network';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Datapath, datapathUnavailable, startDatapath } from '../../harness/datapath.ts';
import { total } from '../../harness/metrics.ts';
import { serviceWith } from './services.ts';

const vip = '10.96.0.30';
const external = '203.0.113.30';
const external6 = '2001:db8:113::30';
const ports = [
  { port: 80, targetPort: 8080 },
  { port: 7, targetPort: 7007 },
] as const;
const rounds = 2;
const megabyte = 1_000_000;
/** The transfers take all the time that the machine has. */
const patience = { timeoutMs: 180_000 };

describeIf(datapathUnavailable())('agents killed under load', () => {
  let datapath: Datapath;
  const servers: Pod[] = [];
  /** In a pod of the first node, and outside, whose packets come to the first node. */
  let inside: Machine;
  let outside: Machine;

  beforeAll(async () => {
    datapath = await startDatapath({ nodes: 2 });
    for (const [index, node] of datapath.nodes.entries()) {
      const pod = await node.addPod(`web-${index + 1}`);
      await (await pod.startPeer()).listen(8080);
      await (await pod.startPeer()).echo(7007);
      servers.push(pod);
    }
    const [node] = datapath.nodes;
    if (node === undefined) throw new Error('two nodes were asked for');
    inside = await node.addPod('client');
    outside = datapath.network.outside;
  });
  afterAll(() => datapath?.[Symbol.asyncDispose]());

  /** `turn` changes what is behind the Service and stands in the maps, and no endpoint that there is. */
  const manifest = (turn: number) => {
    const endpoints = servers.flatMap((pod, index) =>
      [pod.address, pod.address6].map((address) => ({ address, node: datapath.nodes[index]?.name ?? '' })),
    );
    const spec = {
      ...{ clusterIP: vip, externalIPs: [external, external6] },
      ...{ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] },
      ...(turn % 2 === 0 ? {} : { sessionAffinity: 'ClientIP' }),
    };
    const annotations = { 'service.sluice.io/lb-algorithm': turn % 3 === 0 ? 'maglev' : 'random' };
    return { 'web.yaml': serviceWith('web', ports, { endpoints, spec, annotations }) };
  };

  const wroteAll = async () => {
    const figures = await Promise.all(datapath.nodes.map((node) => datapath.figures(node)));
    return figures.every((one) => total(one, 'sluice_datapath_written_rows_total') > 0);
  };

  it('reset nothing and lose no byte, whatever they were at, and new ones go on with what is there', async () => {
    await datapath.apply(manifest(0));
    const [carrier, outsideCarrier] = [await inside.startPeer(), await outside.startPeer()];
    const transfers = [
      await carrier.transfer({ address: vip, port: 7 }),
      await outsideCarrier.transfer({ address: external6, port: 7 }),
    ];
    const streams = [
      await (await inside.startPeer()).stream({ address: external6, port: 80, ...patience }),
      await (await outside.startPeer()).stream({ address: external, port: 80, ...patience }),
    ];
    const figures = async () => ({
      bytes: await Promise.all(transfers.map(async (one) => (await one.transferred()).receivedBytes)),
      answers: await Promise.all(streams.map(async (one) => (await one.streamed()).answered)),
    });
    type Figures = Awaited<ReturnType<typeof figures>>;
    const isMore = (now: Figures, before: Figures) =>
      now.bytes.every((count, index) => count >= (before.bytes[index] ?? 0) + megabyte) &&
      now.answers.every((count, index) => count >= (before.answers[index] ?? 0) + 20);
    const goOn = async () => {
      const before = await figures();
      let now = before;
      const grown = async () => {
        now = await figures();
        return isMore(now, before);
      };
      await until(grown, {
        ...patience,
        message: () => `more than ${JSON.stringify(before)}: ${JSON.stringify(now)}`,
      });
    };
    await goOn();
    // All the time there is something to write, so that each is killed in the middle of something.
    let turn = 0;
    const writing = setInterval(() => {
      turn += 1;
      datapath.write(manifest(turn));
    }, 100);
    try {
      for (let round = 0; round < rounds; round += 1) {
        await Promise.all(datapath.nodes.map((node) => node.stopAgent('SIGKILL')));
        await goOn();
        await Promise.all(datapath.nodes.map((node) => node.startAgent()));
        await until(wroteAll, { ...patience, message: 'rows written by the agents that are new' });
        await goOn();
      }
    } finally {
      clearInterval(writing);
    }
    for (const stream of streams) {
      const { errors, answered } = await stream.stop();
      expect(errors).toEqual({});
      expect(answered).toBeGreaterThan(rounds * 40);
    }
    for (const transfer of transfers) {
      const { sentBytes, receivedBytes, isIntact, error } = await transfer.stop();
      expect(error).toBeUndefined();
      expect(receivedBytes).toBe(sentBytes);
      expect(isIntact).toBe(true);
    }
  }, 900_000);
});

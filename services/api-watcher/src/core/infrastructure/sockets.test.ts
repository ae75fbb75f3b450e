import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignSockets, type GatewayPort } from './sockets.ts';

const tcp = (port: number): GatewayPort => ({ port, transport: 'TCP' });
const udp = (port: number): GatewayPort => ({ port, transport: 'UDP' });
const any = ['0.0.0.0'];

describe('ports of the nodes', () => {
  test('two Gateways with the same port get different ones, TCP and UDP may share one', () => {
    const given = assignSockets(
      new Map([
        ['a', [tcp(80), udp(80)]],
        ['b', [tcp(80)]],
      ]),
      new Map(),
      any,
    );
    const [a, b] = [given.get('a'), given.get('b')];
    expect(a?.ports.map(({ port, transport }) => `${transport} ${port}`)).toEqual(['TCP 80', 'UDP 80']);
    expect(a?.ports[0]?.bindPort).not.toBe(b?.ports[0]?.bindPort);
    expect(a?.addresses).toEqual(any);
  });

  test('what is given stays, whatever comes and goes beside it', () => {
    const gatewayPorts = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      fc.uniqueArray(
        fc.record({ port: fc.integer({ min: 1, max: 9 }), transport: fc.constantFrom('TCP', 'UDP') }),
        {
          selector: ({ port, transport }) => `${port}${transport}`,
        },
      ),
    );
    fc.assert(
      fc.property(fc.array(gatewayPorts, { minLength: 2, maxLength: 5 }), (steps) => {
        let before: ReturnType<typeof assignSockets> = new Map();
        for (const step of steps) {
          const given = assignSockets(new Map(Object.entries(step)), before, any);
          const slots = [...given.values()].flatMap(({ ports }) =>
            ports.map((p) => `${p.transport}${p.bindPort}`),
          );
          expect(new Set(slots).size).toBe(slots.length);
          for (const [gateway, { ports }] of given)
            for (const p of ports) {
              const held = before
                .get(gateway)
                ?.ports.find((h) => h.port === p.port && h.transport === p.transport);
              if (held !== undefined) expect(p.bindPort).toBe(held.bindPort);
              expect(p.bindPort).toBeGreaterThanOrEqual(10_000);
              expect(p.bindPort).toBeLessThan(32_768);
            }
          before = given;
        }
      }),
    );
  });

  test('of two facts with the same port, as after damage, one keeps it', () => {
    const same = { addresses: any, ports: [{ ...tcp(80), bindPort: 12_345 }] };
    const given = assignSockets(
      new Map([
        ['a', [tcp(80)]],
        ['b', [tcp(80)]],
      ]),
      new Map([
        ['a', same],
        ['b', same],
      ]),
      any,
    );
    expect(given.get('a')?.ports[0]?.bindPort).toBe(12_345);
    expect(given.get('b')?.ports[0]?.bindPort).not.toBe(12_345);
  });

  test('where no port is left, the rest is not bound', () => {
    const all = Array.from({ length: 22_769 }, (_, i) => tcp(i + 1));
    expect(assignSockets(new Map([['a', all]]), new Map(), any).get('a')?.ports).toHaveLength(22_768);
  });
});

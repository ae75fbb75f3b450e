import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from './free-port.ts';

test('ports differ, and are none that the kernel gives to outgoing connections', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  for (const port of ports)
    expect(port, `${port}`).toSatisfy((each: number) => each >= 10_000 && each < 30_000);
});

test('a server can listen on it, at the address that was asked for', async () => {
  const port = await freePort('127.0.0.9');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.9', resolve));
  expect(server.address()).toMatchObject({ address: '127.0.0.9', port });
  await new Promise((resolve) => server.close(resolve));
});

import { once } from 'node:events';
import { connect } from 'node:net';
import { request } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { startNamedBackend } from './named-backend.ts';

it('answers with its name', async () => {
  await using backend = await startNamedBackend({ name: 'echo' });
  const answer = await request({ ...backend, path: '/a' });
  expect(answer.status).toBe(200);
  expect(answer.headers['x-backend']).toBe('echo');
  expect(answer.body).toBe('ok');
});

it('answers each request of a connection, however it comes in pieces', async () => {
  await using backend = await startNamedBackend({ name: 'other' });
  const socket = connect(backend.port, backend.address);
  let got = '';
  socket.on('data', (data) => {
    got += data;
  });
  await once(socket, 'connect');
  for (const piece of ['GET / HTTP/1.1\r\nhost: a\r', '\n\r\nGET /b HTTP/1.1\r\nhost: a\r\n\r\n']) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (got.split('x-backend: other').length < 3) await once(socket, 'data');
  expect(got.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  socket.destroy();
});

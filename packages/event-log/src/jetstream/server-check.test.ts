import { expect, it } from 'vitest';
import { assertServer, minPayloadBytes } from './server-check.ts';

const good = { version: '2.15.0', max_payload: minPayloadBytes, jetstream: true };

it.each(['2.15.0', '2.15.1', '2.16.0-beta', '3.0.0'])('takes server %s', (version) => {
  expect(() => assertServer({ ...good, version })).not.toThrow();
});

it.each(['2.14.9', '2.9.0', '1.99.0'])('refuses server %s', (version) => {
  expect(() => assertServer({ ...good, version })).toThrow(
    expect.objectContaining({ code: 'server-too-old' }),
  );
});

it.each([
  { ...good, max_payload: 1_048_576 },
  { ...good, jetstream: false },
])('refuses %o', (server) => {
  expect(() => assertServer(server)).toThrow(expect.objectContaining({ code: 'server-unsafe' }));
});

import { expect, test } from 'vitest';
import type { RedirectFilter } from './http-filter.ts';
import { redirectAction } from './redirect.ts';

const http = { port: 80, bindPort: 80, protocol: 'HTTP' };
const https = { port: 443, bindPort: 443, protocol: 'HTTPS' };
const odd = { port: 8080, bindPort: 8080, protocol: 'HTTP' };
const moved = { port: 80, bindPort: 10_080, protocol: 'HTTP' };

const nothing: RedirectFilter = {
  scheme: undefined,
  hostname: undefined,
  port: undefined,
  path: undefined,
  statusCode: 302,
};

/** Gateway API v1.7.0, HTTPRequestRedirectFilter.port. */
test.each([
  { name: 'the listener has its well-known port', on: [http], filter: {}, port: undefined },
  { name: 'the listener has another port', on: [odd], filter: {}, port: 8080 },
  {
    name: 'of listeners with several ports each answers with its own',
    on: [http, odd],
    filter: {},
    port: undefined,
  },
  {
    name: 'a listener whose port is moved keeps what the client wrote',
    on: [moved],
    filter: {},
    port: undefined,
  },
  {
    name: 'a scheme has its well-known port',
    on: [http],
    filter: { scheme: 'https' as const },
    port: undefined,
  },
  { name: 'the port of the Host header must go', on: [odd], filter: { scheme: 'https' as const }, port: 443 },
  {
    name: 'the moved port of the Host header must go',
    on: [moved],
    filter: { scheme: 'https' as const },
    port: 443,
  },
  {
    name: 'a new host brings no port along',
    on: [odd],
    filter: { scheme: 'https' as const, hostname: 'x' },
    port: undefined,
  },
  { name: 'down to http', on: [https], filter: { scheme: 'http' as const }, port: undefined },
  { name: 'an explicit port', on: [http], filter: { port: 8443 }, port: 8443 },
  {
    name: 'an explicit port beside a scheme',
    on: [http],
    filter: { scheme: 'https' as const, port: 8443 },
    port: 8443,
  },
  { name: 'an explicit well-known port is not written', on: [https], filter: { port: 443 }, port: undefined },
  {
    name: 'an explicit well-known port is no leave for the listener to say its own',
    on: [{ ...https, port: 8443, bindPort: 8443 }],
    filter: { port: 443, hostname: 'x' },
    port: 443,
  },
  { name: 'a port that is well known for the other scheme', on: [http], filter: { port: 443 }, port: 443 },
])('$name', ({ on, filter, port }) => {
  const action = redirectAction({ ...nothing, ...filter }, on);
  expect(action.type === 'redirect' ? action.port : 'no redirect').toBe(port);
});

// One server of the shop: `node server.ts <name>`. Ends with the process that started it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { detailsOf, productPage } from './book.ts';
import { servers } from './servers.ts';

const place = servers.find(({ name }) => name === process.argv[2]);
if (place === undefined) {
  process.stderr.write(`usage: server.ts ${servers.map(({ name }) => name).join('|')}\n`);
  process.exit(2);
}
const { name, host, port } = place;

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-served-by': name });
  response.end(`${JSON.stringify(body)}\n`);
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', 'http://shop');
  if (name === 'details') sendJson(response, 200, detailsOf(pathname));
  else if (name === 'productpage') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'x-served-by': name });
    response.end(productPage());
  } else
    sendJson(response, 200, {
      service: name,
      method: request.method,
      path: request.url,
      headers: request.headers,
    });
}

const server = createServer((request, response) => {
  request.resume();
  answer(request, response);
});
server.on('error', (error) => {
  process.stderr.write(`${name} cannot listen on ${host}:${port}: ${error.message}\n`);
  process.exit(1);
});
server.listen({ host, port }, () => process.send?.('listening'));
// Ctrl-C reaches the whole terminal: requests that Envoy still drains need this server a little longer.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));

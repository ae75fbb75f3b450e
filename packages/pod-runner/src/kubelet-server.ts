import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Config } from './config.ts';
import type { Pods } from './pods.ts';

const path = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/;

/** The kubelet's endpoint for logs (`kubectl logs`), over mutual TLS: only the API server's certificate is let in. */
export async function serveKubelet(pods: Pods, { tls, kubeletPort, nodeAddress }: Config): Promise<Server> {
  const server = createServer(
    {
      cert: readFileSync(tls.certificate),
      key: readFileSync(tls.key),
      ca: readFileSync(tls.clientCa),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => answer(pods, request, response),
  );
  await new Promise<void>((resolve) => void server.listen(kubeletPort, nodeAddress, resolve));
  return server;
}

function answer(pods: Pods, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://kubelet');
  const [, namespace = '', pod = '', container = ''] = path.exec(pathname) ?? [];
  const log = pods.find(namespace, pod)?.log(container);
  if (log === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' });
    response.end(`no log of container ${container} of ${namespace}/${pod}\n`);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain' });
  const sinceSeconds = searchParams.get('sinceSeconds');
  const sinceTime = searchParams.get('sinceTime');
  const tailLines = searchParams.get('tailLines');
  const query = {
    sinceMs:
      sinceTime !== null
        ? Date.parse(sinceTime)
        : sinceSeconds !== null
          ? Date.now() - Number(sinceSeconds) * 1_000
          : undefined,
    tailLines: tailLines === null ? undefined : Number(tailLines),
    timestamps: searchParams.get('timestamps') === 'true',
  };
  const text = log.read(query);
  if (searchParams.get('follow') !== 'true') {
    response.end(text);
    return;
  }
  response.write(text);
  response.once(
    'close',
    log.onLine(query.timestamps, (line) => response.write(line)),
  );
}

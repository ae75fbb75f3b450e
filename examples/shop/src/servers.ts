/** A server of the shop: where it listens stands in manifests/services.yaml, too. */
export interface ServerPlace {
  readonly name: 'details' | 'productpage' | 'echo-1' | 'echo-2';
  readonly host: string;
  readonly port: number;
}

/** The four servers of the shop. */
export const servers: readonly ServerPlace[] = [
  { name: 'details', host: '127.90.0.1', port: 9080 },
  { name: 'productpage', host: '127.90.0.2', port: 9080 },
  { name: 'echo-1', host: '127.90.0.3', port: 8080 },
  { name: 'echo-2', host: '127.90.0.4', port: 8090 },
];

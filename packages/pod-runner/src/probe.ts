import { connect } from 'node:net';
import type { V1Container, V1HTTPGetAction, V1Probe } from '@kubernetes/client-node';
import { Agent, request } from 'undici';
import type { ContainerProcess } from './container-process.ts';

/** A container that is asked. */
export interface ProbeTarget {
  readonly container: V1Container;
  readonly ip: string;
  readonly process: ContainerProcess;
}

/** A probe with the defaults of core/v1, in milliseconds. */
export interface ProbeTimes {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** core/v1 Probe: what stands for a field that is not given. */
export function probeTimes(probe: V1Probe): ProbeTimes {
  return {
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1_000,
    periodMs: (probe.periodSeconds ?? 10) * 1_000,
    timeoutMs: (probe.timeoutSeconds ?? 1) * 1_000,
    successThreshold: probe.successThreshold ?? 1,
    failureThreshold: probe.failureThreshold ?? 3,
  };
}

/** As the kubelet does, a probe over HTTPS trusts any certificate. */
const trusting = new Agent({ connect: { rejectUnauthorized: false } });

/** Asks once; true for success. A gRPC probe asks no more than whether the port is open. */
export async function askProbe(probe: V1Probe, target: ProbeTarget): Promise<boolean> {
  const { timeoutMs } = probeTimes(probe);
  const { httpGet, tcpSocket, grpc, exec } = probe;
  if (exec !== undefined) return target.process.exec(exec.command ?? [], timeoutMs);
  if (httpGet !== undefined) return askHttpGet(httpGet, target, timeoutMs);
  const port = grpc?.port ?? (tcpSocket === undefined ? undefined : portOf(tcpSocket.port, target.container));
  return port !== undefined && isOpen(tcpSocket?.host ?? target.ip, port, timeoutMs);
}

/** Sends the request of a probe or a hook; true for an answer of 200 to 399 in time. */
export function askHttpGet(
  { host, scheme = 'HTTP', port, path = '/', httpHeaders }: V1HTTPGetAction,
  { ip, container }: ProbeTarget,
  timeoutMs: number,
): Promise<boolean> {
  const origin = `${scheme.toLowerCase()}://${host ?? ip}:${portOf(port, container)}`;
  return askHttp(new URL(path, origin), headersOf(httpHeaders), timeoutMs);
}

async function askHttp(url: URL, headers: Record<string, string>, timeoutMs: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const { statusCode, body } = await request(url, { dispatcher: trusting, headers, signal });
    await body.dump();
    return statusCode >= 200 && statusCode < 400;
  } catch {
    return false;
  }
}

const headersOf = (headers: readonly { readonly name: string; readonly value: string }[] = []) =>
  Object.fromEntries(headers.map(({ name, value }) => [name, value]));

function portOf(port: number | string, container: V1Container): number {
  if (typeof port === 'number') return port;
  return container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
}

function isOpen(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

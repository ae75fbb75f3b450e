// A Service's own address, in standalone mode: connections of processes in a cgroup of the test reach its endpoints by way of the kernel.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeIf, startBackend, tempDir, until, writeManifests } from '@sluice/testkit';
import { networkUnavailable, type TestCgroup, testCgroup } from '@sluice/testkit/network';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { condition } from '../../harness/objects.ts';
import { startSluice } from '../../harness/sluice.ts';

const object = fileURLToPath(new URL('../../../services/bpf-agent/bpf/build/lb.bpf.o', import.meta.url));
const sluiceProgram = fileURLToPath(new URL('../../../bin/sluice', import.meta.url));
const missing =
  networkUnavailable() ?? (existsSync(object) ? undefined : 'no eBPF object: run `npm run bpf`');
const vip = '10.96.77.10';

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { clusterIP: vip, ports: [{ port: 80 }] },
};

function slice(port: number) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ port }],
    endpoints: [{ addresses: ['127.0.0.1'] }],
  };
}

/**
 * What a process of the cgroup gets at the Service's address: the name of who answers, with ` by way of Envoy` where that
 * passed the request on, or the code of the error.
 */
async function asked({ path }: TestCgroup, timeoutMs = 1_000): Promise<string> {
  const program = `fetch('http://${vip}/', { signal: AbortSignal.timeout(${timeoutMs}) }).then((answer) => answer.json()).then(({ name, headers }) => console.log(name + ('x-request-id' in headers ? ' by way of Envoy' : '')), (error) => console.log(error.cause?.code ?? error.name))`;
  const script = 'echo $$ > "$0/cgroup.procs" && exec "$1" -e "$2"';
  const { stdout } = await promisify(execFile)('sh', ['-c', script, path, process.execPath, program]);
  return stdout.trim();
}

function mounts(dataDir: string): string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(dataDir));
}

describeIf(missing)('sluice up --datapath on', () => {
  let cgroup: TestCgroup;
  beforeAll(async () => {
    cgroup = await testCgroup();
  });
  afterAll(() => cgroup?.remove());

  test('leads connections to a Service to its endpoints, refuses where there is none, and leaves nothing behind', async () => {
    await using backend = await startBackend({ name: 'web' });
    let dataDir = '';
    {
      await using sluice = await startSluice({
        manifests: { 'service.yaml': service, 'slice.yaml': slice(backend.port) },
        args: ['--datapath', 'on', '--cgroup', cgroup.path],
      });
      dataDir = sluice.dataDir;
      await until(async () => (await asked(cgroup)) === 'web', {
        message: 'an answer at the address',
      });
      expect(mounts(dataDir)).toHaveLength(1);
      const backends = await sluice.cli('get', 'backends', 'web');
      expect(backends.stdout).toMatch(
        new RegExp(`default +web +${vip}:80/TCP +inside +random +127.0.0.1:${backend.port}`),
      );
      const programmed = async () => {
        const found = await sluice.find('services', 'web');
        return condition(found?.status?.conditions, 'sluice.dev/L4Programmed');
      };
      await until(async () => (await programmed())?.status === 'True', { message: 'its condition' });
      expect((await sluice.cli('get', 'services')).stdout).toMatch(
        new RegExp(`default +web +ClusterIP +80/TCP +- +${vip} +- +True`),
      );
      const status = await sluice.cli('status');
      expect(status.stdout).not.toContain('service/default/web');
      expect(status.stdout).toMatch(/^ok +datapath\/\S+ +its maps hold revision .+ fresh in [\d.]+ ms/m);
      expect(status.stdout).toMatch(/^ok +datapath\/\S+\/hooks +.*cgroup_connect/m);
      expect(status.stdout).toMatch(/^ok +datapath\/\S+\/maps +frontends 2 of 65536, slots 1 of/m);
      // No interface is looked at here, so there are none; that the agent answers is what is asked.
      const connections = await sluice.cli('get', 'conntrack', 'web');
      expect(connections).toMatchObject({ code: 0 });
      expect(connections.output).toContain('nothing found');
      expect(connections.output).not.toContain('does not answer');
      const explained = await sluice.cli('explain', 'tcp', `${vip}:80`);
      expect(explained).toMatchObject({ code: 0 });
      expect(explained.stdout).toMatch(/^datapath +node /m);
      expect(explained.stdout).toMatch(
        new RegExp(`^from inside +one of 127.0.0.1:${backend.port} \\(random\\)$`, 'm'),
      );
      const replayed = await sluice.cli('replay', '--verify');
      expect(replayed).toMatchObject({ code: 0 });
      expect(replayed.stdout).toMatch(/^maps of node .+: at revision \S+, as the IR has it$/m);
      process.kill(sluice.pid('bpf-agent'), 'SIGKILL');
      // One try, which a busy machine may take its time for.
      expect(await asked(cgroup, 30_000)).toBe('web');
      sluice.write({ 'slice.yaml': null });
      await until(async () => (await asked(cgroup)) === 'ECONNREFUSED', {
        message: 'a refusal',
      });
      const refused = await sluice.cli('explain', 'tcp', `${vip}:80`);
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stdout).toContain('refused at once: no endpoint takes connections');
    }
    expect(mounts(dataDir)).toEqual([]);
    expect(existsSync(join(dataDir, 'run', 'bpf'))).toBe(false);
    expect(await asked(cgroup)).not.toBe('ECONNREFUSED');
  });

  test('says which rights are missing, and off how Services get their addresses', async () => {
    using directory = tempDir();
    writeManifests(directory.file('manifests'), { 'service.yaml': service });
    const bounded = ['--bounding-set=-bpf,-perfmon,-sys_admin', '--inh-caps=-all', sluiceProgram];
    const up = ['up', directory.file('manifests'), '--data-dir', directory.file('data')];
    const env = { PATH: process.env.PATH, HOME: directory.path };
    const refused = spawnSync('setpriv', [...bounded, ...up, '--datapath', 'on'], { encoding: 'utf8', env });
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('CAP_PERFMON, CAP_BPF, CAP_SYS_ADMIN (to mount bpffs)');
    await using sluice = await startSluice({ manifests: { 'service.yaml': service } });
    const hint = `like default/web ${vip}: nothing leads there without --datapath on`;
    await until(() => sluice.output().includes(hint), { message: 'the hint' });
    expect(sluice.output().split(hint)).toHaveLength(2);
    const status = await sluice.cli('status');
    expect(status.stdout).toMatch(/^ok +datapath +off: nothing leads to the addresses of a Service/m);
    const connections = await sluice.cli('get', 'conntrack');
    expect(connections).toMatchObject({ code: 2 });
    expect(connections.output).toContain('no agent of the datapath runs');
  });

  test('leads connections to a Service that asks for L7 to the Envoy of the node, which chooses for each request', async () => {
    await using backend = await startBackend({ name: 'web' });
    const annotations = { 'service.cilium.io/lb-l7': 'enabled' };
    await using sluice = await startSluice({
      manifests: { 'slice.yaml': slice(backend.port) },
      args: ['--datapath', 'on', '--cgroup', cgroup.path],
    });
    // Its sockets are asked where clients connected to, and those it has from now on are of the cgroup.
    writeFileSync(join(cgroup.path, 'cgroup.procs'), `${sluice.pid('envoy')}`);
    sluice.write({ 'service.yaml': { ...service, metadata: { name: 'web', annotations } } });
    await until(async () => (await asked(cgroup)) === 'web by way of Envoy', {
      message: 'an answer at the address',
    });
    const { stdout } = await sluice.cli('get', 'backends', 'web');
    expect(stdout).toMatch(new RegExp(`${vip}:80/TCP +inside +random +[\\d.]+:\\d+ +the node's Envoy`));
    const explained = await sluice.cli('explain', 'GET', `http://${vip}/`);
    expect(explained).toMatchObject({ code: 0 });
    expect(explained.stdout).toContain(
      `${vip}:80 is the address of Service default/web, and led to the node's Envoy`,
    );
    const accessLog = join(sluice.dataDir, 'log', 'access.log');
    await until(() => readFileSync(accessLog, 'utf8').includes(`"local":"${vip}:80"`), {
      message: 'a request with the address that the client connected to in the access log',
    });
    // Without the annotation it is a Service like any other again.
    sluice.write({ 'service.yaml': service });
    await until(async () => (await asked(cgroup)) === 'web', {
      message: 'an answer without Envoy',
    });
  });
});

// Private keys go from the manifest to Envoy and are found nowhere else: not on the disk, in a log, an answer or a process list.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate, tlsHandshake, tlsSecret, until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { gateway, httpRoute, httpsListener, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const served = await makeCertificate({ dnsNames: ['shop.example'] });
const mismatched = await makeCertificate({ dnsNames: ['shop.example'] });
/** A key that cannot be read: error messages like to quote what they choke on. */
const garbled = `-----BEGIN PRIVATE KEY-----\n${'CANARYgarbled'.repeat(8)}\n-----END PRIVATE KEY-----\n`;

const world = useSluice({
  backends: ['one'],
  args: ['--log-level', 'trace'],
  manifests: () => ({
    'gateway.yaml': gateway('edge', [
      httpsListener('good', 'shop.example', 'good-tls'),
      httpsListener('mismatched', 'other.example', 'mismatched-tls'),
      httpsListener('garbled', 'third.example', 'garbled-tls'),
    ]),
    'secrets.yaml': [
      tlsSecret('good-tls', served),
      tlsSecret('mismatched-tls', served, { keyPem: mismatched.keyPem }),
      tlsSecret('garbled-tls', served, { keyPem: garbled }),
    ],
    'refused.yaml': { ...tlsSecret('refused-tls', mismatched), unknownField: true },
    'route.yaml': httpRoute('route', { parent: 'edge', rules: [rule('one')] }),
  }),
});

/** Every form in which a part of a key could show: a line of its PEM, its bytes, in base64 within base64, in hexadecimal. */
function formsOf(keyPem: string): Map<string, Buffer> {
  const lines = keyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  const der = Buffer.from(lines.join(''), 'base64');
  // The middle of a PKCS #8 P-256 key is the secret number itself: its beginning and end are public.
  const secret = der.subarray(36, 68);
  const once = Buffer.from(keyPem).toString('base64');
  return new Map([
    ['PEM', Buffer.from((lines[0] ?? '').slice(-24))],
    ['bytes', secret.subarray(0, 16)],
    ['hexadecimal', Buffer.from(secret.subarray(0, 12).toString('hex'))],
    ['base64 of PEM', Buffer.from(once.slice(80, 120))],
  ]);
}
const canaries = [served.keyPem, mismatched.keyPem].flatMap((key) => [...formsOf(key)]);
canaries.push(
  ['garbled', Buffer.from('CANARYgarbled')],
  ['base64 of garbled', Buffer.from(Buffer.from(garbled).toString('base64').slice(60, 100))],
);

function findingsIn(where: string, content: Buffer): string[] {
  return canaries.filter(([, canary]) => content.includes(canary)).map(([form]) => `${form} in ${where}`);
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

it('the search finds a key where there is one', () => {
  const manifest = readFileSync(join(world().sluice.dir, 'secrets.yaml'));
  expect(new Set(findingsIn('the manifest', manifest).map((finding) => finding.split(' in ')[0]))).toEqual(
    new Set(['base64 of PEM', 'base64 of garbled']),
  );
  expect(findingsIn('PEM', Buffer.from(served.keyPem))).toContain('PEM in PEM');
});

it('Envoy has the key', async () => {
  const target = await world().sluice.target('edge', 443);
  expect(
    await tlsHandshake({ ...target, tls: { servername: 'shop.example', ca: served.caPem } }),
  ).toMatchObject({ authorized: true });
});

describe('no key is found', () => {
  it('in any file of the data directory, at the most talkative log level', () => {
    const files = filesBelow(world().sluice.dataDir);
    expect(files.some((file) => file.endsWith('api-watcher.log'))).toBe(true);
    expect(files.some((file) => file.endsWith('.blk'))).toBe(true);
    expect(files.flatMap((file) => findingsIn(file, readFileSync(file)))).toEqual([]);
  });

  it.each([
    [['get', 'secrets', '-o', 'yaml']],
    [['get', 'gateways', '-o', 'json']],
    [['get', 'ir', '-o', 'json']],
    [['get', 'xds', '-o', 'json']],
    [['log']],
    [['log', '-o', 'json']],
    [['status']],
    [['replay', '--verify']],
  ])('in what `sluice %j` prints', async (args) => {
    const { output } = await world().sluice.cli(...args);
    expect(output).not.toBe('');
    expect(findingsIn(args.join(' '), Buffer.from(output))).toEqual([]);
  });

  it('in what `sluice validate` says of a bad Secret', async () => {
    const { output } = await world().sluice.cli('validate', join(world().sluice.dir, 'refused.yaml'));
    expect(output).toContain('unknownField');
    expect(findingsIn('validate', Buffer.from(output))).toEqual([]);
  });

  it('in what Envoy tells of itself', async () => {
    const dump = await until(() => world().sluice.envoy.dump());
    expect(dump).toContain('shop.example');
    expect(findingsIn('config_dump', Buffer.from(dump))).toEqual([]);
  });

  it('in the command line or the environment of a process', () => {
    const { sluice } = world();
    const processes = (['up', 'nats', 'envoy', 'api-watcher', 'translator', 'xds-server'] as const).map(
      (name) => sluice.pid(name),
    );
    const found = processes.flatMap((pid) =>
      ['cmdline', 'environ'].flatMap((file) =>
        findingsIn(`${file} of ${pid}`, readFileSync(`/proc/${pid}/${file}`)),
      ),
    );
    expect(found).toEqual([]);
  });
});

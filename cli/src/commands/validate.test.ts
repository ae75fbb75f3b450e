import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const slides = fileURLToPath(new URL('../../../examples/slides', import.meta.url));
const envoyConfigs = fileURLToPath(new URL('../../../examples/envoy-config', import.meta.url));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sl-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function sluice(args: readonly string[], of: { cwd?: string; input?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: of.cwd ?? directory,
    encoding: 'utf8',
    env: { NO_COLOR: '1' },
    ...(of.input === undefined ? {} : { input: of.input }),
  });
  return { code: status, lines: stdout.trimEnd().split('\n'), stderr };
}

describe('the manifests of the slides', () => {
  const mend = '  mend: backendRefs belongs to each rule: move it under spec.rules[0].backendRefs';

  it.each([
    ['path-routing.yaml', '28:3', '1 file, 1 object, 1 fault'],
    ['tls-termination.yaml', '31:3', '1 file, 1 object, 1 fault'],
    ['weighted-split.yaml', '13:3', '1 file, 0 objects, 1 fault'],
  ])('%s as it stands on the slide gets one precise mend', (file, place, summary) => {
    const { code, lines } = sluice(['validate', file], { cwd: join(slides, 'as-on-the-slide') });
    expect(lines).toEqual([`${file}:${place}: spec.backendRefs: unknown field`, mend, summary]);
    expect(code).toBe(1);
  });

  it('are without fault when mended', () => {
    expect(sluice(['validate', 'mended'], { cwd: slides })).toMatchObject({
      code: 0,
      lines: ['3 files, 5 objects, no fault'],
    });
  });
});

describe('sluice validate', () => {
  it('reads standard input and gives machine output', () => {
    const { code, lines } = sluice(['validate', '-', '-o', 'json'], {
      input: 'apiVersion: v1\nkind: Namespce\nmetadata: {name: a}\n',
    });
    expect(code).toBe(1);
    expect(JSON.parse(lines.join('\n'))).toMatchObject({
      files: 1,
      objects: 0,
      faults: [{ origin: { file: '<stdin>', line: 2 }, path: 'kind', hint: 'did you mean Namespace?' }],
    });
  });

  it.each([
    ['weighted', ':15:7: spec.resources[0].virtual_hosts: unknown field', 'RouteConfiguration'],
    ['retries', ':19:13: stands for something that is left out', 'write it out, or remove the line'],
    [
      'rewrite',
      ':25:19: spec.resources.virtual_hosts[0].routes[0].route.regex_rewrite.pattern.substitution: unknown field',
      'substitution belongs beside pattern: move it to spec.resources.virtual_hosts[0].routes[0].route.regex_rewrite.substitution',
    ],
  ])(
    'the CiliumEnvoyConfig %s of the slides gets its mend, and none with its elisions filled in',
    (name, place, mend) => {
      const asItStands = sluice(['validate', join(slides, 'envoy-config', `${name}.yaml`)]);
      expect(asItStands.code).toBe(1);
      expect(asItStands.lines.join('\n')).toContain(place);
      expect(asItStands.lines.join('\n')).toContain(mend);
      expect(sluice(['validate', join(envoyConfigs, `${name}.yaml`)]).code).toBe(0);
    },
  );

  it('never prints control characters of a file or its name', () => {
    const name = 'a\u001b[31m\u202e.yaml';
    writeFileSync(
      join(directory, name),
      'apiVersion: v1\nkind: "Serv\\u001b[2Jice"\nmetadata: {name: "x\\u202ey"}\n',
    );
    const { code, lines, stderr } = sluice(['validate', name]);
    expect(code).toBe(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(`${lines.join('')}${stderr}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(lines[0]).toContain('a\\u001b[31m\\u202e.yaml:2:');
  });

  it('warns of references that lead nowhere, without failing', () => {
    mkdirSync(join(directory, 'm'));
    const route =
      'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n  parentRefs: [{name: missing}]\n  rules: [{backendRefs: [{name: a, port: 81}, {name: b, port: 80}]}]\n';
    const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n';
    const gateway =
      'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {gatewayClassName: cilium, listeners: [{name: w, protocol: HTTP, port: 80}]}\n';
    writeFileSync(join(directory, 'm', 'all.yaml'), [route, service, gateway].join('---\n'));
    const { code, lines } = sluice(['validate', 'm']);
    expect(lines.filter((line) => line.includes(': warning: '))).toEqual([
      'm/all.yaml:1:1: warning: spec.parentRefs[0]: there is no Gateway default/missing in these files',
      'm/all.yaml:1:1: warning: spec.rules[0].backendRefs[0].port: Service default/a has no port 81',
      'm/all.yaml:1:1: warning: spec.rules[0].backendRefs[1]: there is no Service default/b in these files',
    ]);
    expect(code).toBe(0);
  });

  it.each([
    [['validate'], /missing required argument/],
    [['validate', 'nowhere.yaml'], /nowhere\.yaml: no such file or directory/],
    [['validate', '--nonsense'], /unknown option/],
    [['nonsense'], /unknown command/],
    [['get', 'nonsense'], /neither a kind nor/],
    [['up', '.', '--replicas', 'nats=2'], /--replicas nats=2/],
    [['log', '--since', 'yesterday'], /write a moment/],
    [['replay'], /--verify/],
  ])('%j is wrong usage: exit code 2', (args, message) => {
    const { code, stderr } = sluice(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it.each([[['--version']], [['--help']], [['help', 'up']], [['get', '--help']]])('%j is none', (args) => {
    expect(sluice(args)).toMatchObject({ code: 0, stderr: '' });
  });
});

import { expect, test } from 'vitest';
import { seemsToReferOnly } from './first-glance.ts';

const route =
  'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec:\n  parentRefs:\n    - kind: Gateway\n';

test.each([
  ['a route', route, true],
  ['two routes', `${route}---\n${route}`, true],
  ['a quoted kind', '"kind": "GRPCRoute"\n', true],
  ['a kind in single quotes, with spaces', "'kind' :  'Ingress'\n", true],
  ['a route in JSON', '{\n  "kind": "TCPRoute",\n  "spec": {"parentRefs": [{"kind": "Gateway"}]}\n}', true],
  ['a route and a Service', `${route}---\nkind: Service\n`, false],
  ['a Gateway', 'kind: Gateway\n', false],
  ['a list', 'kind: List\nitems:\n  - kind: HTTPRoute\n', false],
  ['a list in JSON', '{"items": [], "kind": "List"}', false],
  ['a kind on another line', 'kind:\n  HTTPRoute\n', false],
  ['nothing', '', false],
])('%s', (_, text, expected) => {
  expect(seemsToReferOnly(text)).toBe(expected);
});

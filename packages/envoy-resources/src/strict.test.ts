import { describe, expect, test } from 'vitest';
import { cluster, config, listener, routes, typed } from './config.fixture.ts';
import { resourceFaults } from './read-config.ts';

/** Path below the resource, message and mend of each fault. */
function faults(resource: object): string[] {
  return resourceFaults(config([resource])).map(({ path, message, hint }) =>
    [path.replace('spec.resources[0].', ''), message, hint].filter((part) => part !== '').join(' | '),
  );
}

const route = 'virtual_hosts[0].routes[0].route';

describe('a field that is not known', () => {
  test.each<[string, object, string]>([
    [
      'stands one level too deep, as on the slide',
      routes('r', {
        route: {
          cluster: 'c',
          regex_rewrite: { pattern: { google_re2: {}, regex: '^/foo.*$', substitution: '/' } },
        },
      }),
      `${route}.regex_rewrite.pattern.substitution | unknown field | substitution belongs beside pattern: move it to spec.resources[0].${route}.regex_rewrite.substitution`,
    ],
    [
      'is a slip of the pen',
      cluster('c', { conect_timeout: '1s' }),
      'conect_timeout | unknown field | did you mean connect_timeout?',
    ],
    [
      'belongs to another message, as on the slide',
      typed('envoy.config.listener.v3.Listener', { name: 'l', virtual_hosts: [] }),
      'virtual_hosts | unknown field | virtual_hosts is a field of envoy.config.route.v3.RouteConfiguration',
    ],
    [
      'is one of a message inside',
      cluster('c', { service_name: 'x' }),
      'service_name | unknown field | service_name is a field of eds_cluster_config: move it under spec.resources[0].eds_cluster_config',
    ],
    [
      'stands in a message inside of an Any',
      listener('l', { stat_prefx: 'x' }),
      'filter_chains[0].filters[0].typed_config.stat_prefx | unknown field | did you mean stat_prefix?',
    ],
  ])('%s', (_what, resource, expected) => {
    expect(faults(resource)).toEqual([expected]);
  });
});

describe('a value of the wrong type', () => {
  test.each<[object, string]>([
    [
      cluster('c', { connect_timeout: 5 }),
      'connect_timeout | must be a duration in seconds such as 1.5s | write 5s',
    ],
    [
      cluster('c', { connect_timeout: '250ms' }),
      'connect_timeout | must be a duration in seconds such as 1.5s | write 0.25s',
    ],
    [cluster('c', { lb_policy: 'ROUND_ROBINN' }), 'did you mean ROUND_ROBIN?'],
    [cluster('c', { health_checks: {} }), 'health_checks | must be a list | begin each item with "- "'],
    [cluster('c', { max_requests_per_connection: -1 }), 'must be a whole number from 0 to 4294967295'],
    [cluster('c', { alt_stat_name: 7 }), 'alt_stat_name | must be text | put it in quotes'],
    [
      cluster('c', { eds_cluster_config: 'x' }),
      'eds_cluster_config | must be an object | with eds_config, service_name',
    ],
    [
      routes('r', { route: { cluster: 'a', weighted_clusters: {} } }),
      'weighted_clusters | must not stand beside cluster',
    ],
    [cluster('c', { connectTimeout: '1s', connect_timeout: '1s' }), 'must not stand beside connectTimeout'],
    [
      typed('envoy.config.listener.v3.Listner', { name: 'l' }),
      'did you mean type.googleapis.com/envoy.config.listener.v3.Listener?',
    ],
    [
      { '@type': 'envoy.config.listener.v3.Listener', name: 'l' },
      'write type.googleapis.com/envoy.config.listener.v3.Listener',
    ],
    [typed('envoy.config.bootstrap.v3.Bootstrap', {}), 'is no resource by itself'],
    [typed('cilium.L7Policy', {}), "is a type of Cilium's own Envoy"],
    [typed('envoy.config.listener.v3.Listener', {}), 'name | is required'],
    [cluster('a\nb'), 'name | must be at most 253 visible ASCII characters'],
  ])('%j', (resource, expected) => {
    expect(faults(resource).join('\n')).toContain(expected);
  });

  test('all faults of an object are told, and a name that comes twice', () => {
    const found = resourceFaults(config([cluster('a', { x: 1, y: 2 }), cluster('b'), cluster('b')]));
    expect(found.map(({ path }) => path)).toEqual([
      'spec.resources[0].x',
      'spec.resources[0].y',
      'spec.resources[2].name',
    ]);
  });
});

test('what is nested too deeply is a fault', () => {
  let value: object = {};
  for (let i = 0; i < 40; i++) value = { and_rules: { rules: [value] } };
  const rbac = typed('envoy.extensions.filters.http.rbac.v3.RBAC', {
    rules: { policies: { p: { permissions: [value], principals: [] } } },
  });
  expect(faults(listener('l', { http_filters: [{ name: 'r', typed_config: rbac }] })).join()).toContain(
    'is nested too deeply',
  );
});

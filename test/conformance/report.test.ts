import { expect, test } from 'vitest';
import { readReport, verdict } from './report.ts';
import { reportPage, reportTables } from './report-table.ts';

const yaml = `
apiVersion: gateway.networking.k8s.io/v1
kind: ConformanceReport
gatewayAPIVersion: v1.6.3
gatewayAPIChannel: standard
profiles:
- name: GATEWAY-HTTP
  summary: Core tests failed with 1 test failures.
  core:
    result: failure
    statistics: { Passed: 35, Skipped: 0, Failed: 1 }
    failedTests: [HTTPRouteWeight]
  extended:
    result: success
    statistics: { Passed: 2, Skipped: 1, Failed: 0 }
    skippedTests: [HTTPRouteCORS]
    supportedFeatures: [HTTPRouteMethodMatching]
    unsupportedFeatures: [HTTPRouteCORS]
- name: GATEWAY-TCP
  core: { result: success, statistics: { Passed: 18, Skipped: 0, Failed: 0 } }
`;

test('failures of core and extended count', () => {
  expect(verdict(readReport(yaml))).toEqual({
    passed: 55,
    failed: 1,
    failures: ['GATEWAY-HTTP HTTPRouteWeight'],
  });
  expect(verdict(readReport('{ gatewayAPIVersion: v1.6.3, gatewayAPIChannel: standard }'))).toEqual({
    passed: 0,
    failed: 0,
    failures: [],
  });
});

test('a table for each profile names what failed', () => {
  expect(reportTables(readReport(yaml))).toBe(`GATEWAY-HTTP
              passed   failed  skipped   result
  core            35        1        0  failure
  extended         2        0        1  success
  failed: HTTPRouteWeight

GATEWAY-TCP
              passed   failed  skipped   result
  core            18        0        0  success
`);
});

test('the page says what is claimed, what is not, and what failed', () => {
  const page = reportPage(readReport(yaml));
  expect(page).toContain('| GATEWAY-HTTP | 35 | 1 | 2 | 0 |');
  expect(page).toContain('| GATEWAY-TCP | 18 | 0 | – | – |');
  expect(page).toContain('- Extended features that are not claimed: `HTTPRouteCORS`');
  expect(page).toContain('- Failed: `HTTPRouteWeight`');
});

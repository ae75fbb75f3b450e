import type { ConformanceReport } from './report.ts';

type Profile = ConformanceReport['profiles'][number];

/** One table for each profile, as text for a terminal. */
export function reportTables({ profiles }: ConformanceReport): string {
  return profiles.map(profileTable).join('\n');
}

function profileTable({ name, core, extended }: Profile): string {
  const rows = [
    ['', 'passed', 'failed', 'skipped', 'result'],
    ...[['core', core] as const, ['extended', extended] as const].flatMap(([title, part]) =>
      part === undefined
        ? []
        : [
            [
              title,
              String(part.statistics.Passed),
              String(part.statistics.Failed),
              String(part.statistics.Skipped),
              part.result,
            ],
          ],
    ),
  ];
  const lines = rows.map(
    ([title = '', ...cells]) => `  ${title.padEnd(9)}${cells.map((cell) => cell.padStart(9)).join('')}`,
  );
  const failed = [...core.failedTests, ...(extended?.failedTests ?? [])].map((test) => `  failed: ${test}`);
  return `${[name, ...lines, ...failed].join('\n')}\n`;
}

/** The text of docs/conformance.md. */
export function reportPage(report: ConformanceReport): string {
  const { gatewayAPIVersion, gatewayAPIChannel, profiles } = report;
  return `# Conformance

The official conformance suite of the Gateway API ${gatewayAPIVersion} (channel ${gatewayAPIChannel}), run against Sluice's services and a
real Envoy on a real API server. \`npm run conformance\` runs it and writes this page from its report.

| profile | core passed | failed | extended passed | failed |
|---|---|---|---|---|
${profiles.map(profileRow).join('\n')}

${profiles.map(profileFeatures).join('\n')}`;
}

function profileRow({ name, core, extended }: Profile): string {
  const more = extended === undefined ? ['–', '–'] : [extended.statistics.Passed, extended.statistics.Failed];
  return `| ${[name, core.statistics.Passed, core.statistics.Failed, ...more].join(' | ')} |`;
}

function profileFeatures({ name, core, extended }: Profile): string {
  const features = (title: string, names: readonly string[] = []) =>
    names.length === 0 ? [] : [`- ${title}: ${names.map((one) => `\`${one}\``).join(', ')}`];
  const failed = [...core.failedTests, ...(extended?.failedTests ?? [])];
  const lines = [
    ...features('Extended features that pass', extended?.supportedFeatures),
    ...features('Extended features that are not claimed', extended?.unsupportedFeatures),
    ...features('Failed', failed),
    ...features('Skipped', [...core.skippedTests, ...(extended?.skippedTests ?? [])]),
  ];
  return lines.length === 0 ? '' : `## ${name}\n\n${lines.join('\n')}\n`;
}

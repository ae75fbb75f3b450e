import { join } from 'node:path';
import { embedEnvTable, renderEnvTemplate } from '@sluice/service-kit';
import { testServiceDocs } from '@sluice/testkit';
import { configSchema } from './config.ts';

testServiceDocs({
  directory: join(import.meta.dirname, '..'),
  embedTable: (readme) => embedEnvTable(readme, configSchema),
  envTemplate: renderEnvTemplate(configSchema),
});

// A service for the tests of the kit: what it does at start is told by MODE.
import { z } from 'zod';
import { commonConfig, currentTraceparent, runService, SluiceError, withSpan } from './index.ts';

const configSchema = z.object({
  ...commonConfig,
  MODE: z
    .enum(['run', 'refuse', 'crash', 'fail', 'slow-stop', 'trace', 'uncaught', 'wait'])
    .default('run')
    .meta({ description: 'What the fixture does', example: 'run' }),
  TRACEPARENT: z.string().optional().meta({ description: 'Cause of the trace', example: '00-…' }),
});

const otherCause = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;

await runService({
  name: 'fixture',
  configSchema,
  start: async ({ config, logger, health, signal, fail, tracer }) => {
    health.set('log', true, 'caught up');
    switch (config.MODE) {
      case 'refuse':
        throw new SluiceError('file-unreadable', 'no seed', { hint: 'give one' });
      case 'crash':
        throw new TypeError('a bug');
      case 'fail':
        setImmediate(() => fail(new SluiceError('state-damaged', 'fenced')));
        break;
      case 'uncaught':
        setImmediate(() => {
          throw new RangeError('nobody catches this');
        });
        break;
      case 'wait':
        logger.info('waiting');
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        break;
      case 'trace':
        await withSpan(tracer, 'read file', { parent: config.TRACEPARENT }, () =>
          withSpan(tracer, 'append', { links: [otherCause] }, () => {
            logger.info({ traceparent: currentTraceparent() }, 'event sent');
            throw new SluiceError('state-damaged', 'shows on the span');
          }),
        ).catch((error: unknown) => logger.debug({ err: error }, 'span failed as wanted'));
        break;
      case 'run':
      case 'slow-stop':
        break;
    }
    return {
      stop: async () => {
        logger.info({ ready: health.readiness().ready, aborted: signal.aborted }, 'fixture stops');
        if (config.MODE === 'slow-stop') await new Promise(() => undefined);
      },
    };
  },
});

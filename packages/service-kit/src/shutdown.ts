import closeWithGrace from 'close-with-grace';
import type { Logger } from './logger.ts';

/** Longest that the orderly end of a process may take. */
const graceMs = 10_000;

/**
 * Runs `end` on SIGTERM, SIGINT and SIGHUP, then exits with 0; with 1 where it fails or takes longer than 10 s, or at a
 * second signal. An uncaught error is logged as `fatal` and exits with 1 at once: the state of the process is unknown.
 */
export function onEnd({ logger, end }: { readonly logger: Logger; readonly end: () => Promise<void> }): void {
  closeWithGrace(
    {
      delay: graceMs,
      logger: false,
      onSecondSignal: (signal) => logger.warn({ signal }, 'second signal: ending at once'),
      onSecondError: (error) => logger.fatal({ err: error }, 'error while stopping'),
      onTimeout: (delayMs) => logger.error({ delayMs }, 'stopping took too long'),
    },
    async ({ err, signal }) => {
      if (err !== undefined) {
        logger.fatal({ err }, 'uncaught error');
        return;
      }
      logger.info({ signal }, 'stopping');
      try {
        await end();
      } catch (error) {
        logger.error({ err: error }, 'stopping failed');
        throw error;
      }
    },
  );
}

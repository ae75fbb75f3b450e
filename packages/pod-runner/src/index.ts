export { type Image, type RunnerConfig, runnerConfigSchema } from './config.ts';

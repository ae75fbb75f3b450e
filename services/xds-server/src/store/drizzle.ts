// drizzle-orm in its CommonJS form. Of a package whose package.json is as long as this one's, Node takes 0.6 s of CPU
// to load the ES modules, and 0.1 s to load these: a fifth of what a start of the service costs.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const { blob, integer, primaryKey, sqliteTable, text } =
  require('drizzle-orm/sqlite-core') as typeof import('drizzle-orm/sqlite-core');
export const { and, eq, sql } = require('drizzle-orm') as typeof import('drizzle-orm');
export const { drizzle } =
  require('drizzle-orm/better-sqlite3') as typeof import('drizzle-orm/better-sqlite3');

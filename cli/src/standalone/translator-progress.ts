import { localRequest } from './local-http.ts';
import { socketPaths } from './plan.ts';

/**
 * Sequence of the last fact that the active translator has translated, by its own metric; undefined where none tells.
 * @param processes names of all processes of the instance
 */
export async function translatedSequence(
  sockets: string,
  processes: readonly string[],
): Promise<number | undefined> {
  const translators = processes.filter((name) => /^translator(-\d+)?$/.test(name));
  const all = await Promise.all(translators.map((name) => sequenceOf(socketPaths(sockets).http(name))));
  const known = all.filter((sequence) => sequence !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

async function sequenceOf(socket: string): Promise<number | undefined> {
  try {
    const { body } = await localRequest({ at: { socket }, path: '/metrics' });
    const value = /^sluice_translator_fact_sequence(?:\{[^}]*\})? (\d+)$/m.exec(body)?.[1];
    return value === undefined ? undefined : Number(value);
  } catch {
    return undefined;
  }
}

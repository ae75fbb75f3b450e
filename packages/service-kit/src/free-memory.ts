// Freed memory back to the system: the one function of the C library that Node has no word for.

/** Gives freed memory back; says whether there was any. */
type Trim = () => boolean;

let loaded: Promise<Trim | undefined> | undefined;

/**
 * Has glibc give all freed memory back to the system. By itself it gives back only what lies at the end of its heap: after a load
 * a few small pieces that are still used hold tens of MiB before them. Loads what it needs on first use, about 5 MiB and 50 ms, so
 * it is for a process that rests. @returns whether memory was given back; false where there is no glibc to ask
 */
export async function freeMemory(): Promise<boolean> {
  loaded ??= loadTrim();
  return (await loaded)?.() === true;
}

async function loadTrim(): Promise<Trim | undefined> {
  try {
    const { default: koffi } = await import('koffi');
    const trim = koffi.load('libc.so.6').func('malloc_trim', 'int', ['size_t']);
    return () => trim(0) === 1;
  } catch {
    // Another C library, or no program for this machine: memory is held for longer, and nothing else differs.
    return undefined;
  }
}

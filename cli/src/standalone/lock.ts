import { createServer, type Server } from 'node:net';

/** Held as long as this process lives. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock of a data directory: an abstract Unix socket, which the kernel frees with its process, however that
 * ends. It is seen inside one network namespace. Resolves to undefined where another process holds it.
 */
export function takeLock(of: { readonly uid: number; readonly id: string }): Promise<Lock | undefined> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(`\0sluice-up-${of.uid}-${of.id}`, () => {
      server.unref();
      resolve({ release: () => void server.close() });
    });
  });
}

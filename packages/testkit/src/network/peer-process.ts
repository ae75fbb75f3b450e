// The program of a peer: listens, connects and sends as it is told over IPC, and ends when the test does.

import { constants, setPriority } from 'node:os';
import { ask, OpenConnections } from './peer-client.ts';
import type { Envelope, PeerRequest, Reply } from './peer-protocol.ts';
import { echo, listen, unlisten } from './peer-server.ts';
import { Stream } from './peer-stream.ts';
import { Transfer } from './peer-transfer.ts';

const name = process.argv[2] ?? '';
const connections = new OpenConnections();
let stream: Stream | undefined;
let transfer: Transfer | undefined;

async function perform(request: PeerRequest): Promise<unknown> {
  switch (request.op) {
    case 'listen':
      return listen(name, request);
    case 'unlisten':
      return unlisten(request.port);
    case 'ask':
      return ask(request.options);
    case 'open':
      return connections.open(request.options);
    case 'askOpen':
      return connections.ask(request.connection, request.timeoutMs);
    case 'close':
      return connections.close(request.connection);
    case 'startStream':
      stream = new Stream(request.options);
      return undefined;
    case 'streamed':
      return stream?.result();
    case 'stopStream':
      return stream?.stop();
    case 'echo':
      yieldToOthers();
      return echo(request.port);
    case 'startTransfer':
      yieldToOthers();
      transfer = await Transfer.start(request.options);
      return undefined;
    case 'transferred':
      return transfer?.result();
    case 'stopTransfer':
      return transfer?.stop();
  }
}

/** What moves bytes without a pause would take the machine from all that is tested by it. */
function yieldToOthers(): void {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
}

const send = (reply: Reply) => process.send?.(reply);

process.on('message', (message) => {
  const { id, request } = message as Envelope;
  perform(request).then(
    (result) => send({ id, result }),
    (error: unknown) => send({ id, failure: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
send({ id: 0 });

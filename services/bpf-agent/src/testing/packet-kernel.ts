import { putNode } from './map-world.ts';
import { startTestKernel, type TestKernel } from './test-kernel.ts';

/** A kernel with the programs loaded and what the maps say of the node itself: what a table of packets starts from. */
export async function startPacketKernel(): Promise<TestKernel> {
  const running = startTestKernel();
  try {
    await running.kernel.load();
    await putNode(running.kernel);
    return running;
  } catch (fault) {
    await running.stop();
    throw fault;
  }
}

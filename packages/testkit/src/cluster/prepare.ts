/** `node prepare.ts NAME…`: makes what is missing in the cache. Run it under the lock (`locked.ts`). */
import { isDebianProgramName, unpackDebianProgram } from './debian.ts';
import { fetchGatewayApiCrds } from './gateway-api-crds.ts';
import { buildGoProgram } from './go-build.ts';
import { isGoProgramName } from './go-programs.ts';
import { say } from './progress.ts';

try {
  for (const name of process.argv.slice(2)) {
    if (isGoProgramName(name)) await buildGoProgram(name);
    else if (isDebianProgramName(name)) await unpackDebianProgram(name);
    else if (name === 'gateway-api-crds') fetchGatewayApiCrds();
    else throw new Error(`there is no program ${name}`);
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

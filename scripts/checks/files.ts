/** Checks every committed (or about to be committed) text file against file-rules.ts; exit code 1 if any breaks one. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { faultsOf } from './file-rules.ts';

const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
});
const paths = [...new Set(listed.split('\0'))].filter(
  (path) => path !== '' && statSync(path, { throwIfNoEntry: false })?.isFile(),
);

let faults = 0;
for (const path of paths) {
  const bytes = readFileSync(path);
  if (bytes.includes(0)) continue;
  for (const fault of faultsOf(path, bytes.toString('utf8'))) {
    faults += 1;
    console.log(`${fault.path}:${fault.line}: ${fault.message}`);
  }
}
console.log(`${paths.length} files checked, ${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;

// A PKCS#11 token for a registry of a test: SoftHSM's, in the registry's own folder.
import fs from 'node:fs';

import { isThere, run } from './registry.mjs';

export const PIN = 'pin-dat-nergens-anders-staat';
const MODULE = '/usr/lib/softhsm/libsofthsm2.so';

export const haveToken = async () => fs.existsSync(MODULE) && (await isThere('softhsm2-util'));

// Brings one; gives its pkcs11: URI, whose PIN is in the registry's file "pin".
export async function bringToken(registry) {
  fs.mkdirSync(registry.path('tokens'), { mode: 0o700 });
  const conf = registry.write('softhsm2.conf', `directories.tokendir = ${registry.path('tokens')}\nlog.level = ERROR\n`);
  registry.env.SOFTHSM2_CONF = conf;
  // SoftHSM loses memory, and to know it by its name takes whole stacks, which are slow: the unit tests do that.
  registry.env.ASAN_OPTIONS = [registry.env.ASAN_OPTIONS, 'detect_leaks=0'].filter(Boolean).join(':');
  const made = await run('softhsm2-util', ['--init-token', '--free', '--label', 'keurmerk', '--pin', PIN, '--so-pin', 'so-pin'],
    { env: registry.env });
  if (made.status !== 0) throw new Error(`softhsm2-util: ${made.stderr}`);
  fs.writeFileSync(registry.path('pin'), `${PIN}\n`, { mode: 0o600 });
  return `pkcs11:token=keurmerk?module-path=${MODULE}&pin-source=file:${registry.path('pin')}`;
}

// The main job once more, all of it, with the registry's keys in a PKCS#11 token.
import { test } from 'node:test';

import { haveToken } from './token.mjs';

if (await haveToken()) {
  process.env.KEYS_IN = 'token';
  await import('./main_job.mjs');
} else {
  test('the main job with the keys in a token', (t) => t.skip('there is no SoftHSM'));
}

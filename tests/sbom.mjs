// The list of what the program is made of: is it CycloneDX, and is it all there?
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

import { program, run, sources } from './registry.mjs';

const text = fs.readFileSync(path.join(path.dirname(program), 'dist', 'keurmerk.cdx.json'), 'utf8');
const list = JSON.parse(text);

test('it is what the standard’s own schema demands', async () => {
  assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text), null);
});

test('each component has a version, a licence and a place among the dependencies', () => {
  assert.deepEqual(list.dependencies[0].dependsOn, list.components.map((component) => component['bom-ref']));
  for (const component of list.components) {
    assert.match(component.version, /^[0-9]+\.[0-9]/);
    assert.equal(component.licenses.length, 1);
  }
});

test('each library that configure asks for is in it', () => {
  const configure = fs.readFileSync(path.join(sources, 'configure.ac'), 'utf8');
  const known = fs.readFileSync(path.join(sources, 'dist', 'sbom.sh'), 'utf8');
  const modules = [...configure.matchAll(/PKG_CHECK_MODULES\(\[\w+\], \[([a-z0-9-]+)/g)].map(([, module]) => module);
  assert.ok(modules.length > 10);
  for (const module of modules) {
    if (module !== 'cmocka') assert.match(known, new RegExp(`^${module.replaceAll('.', '\\.')}[.0-9]* `, 'm'));
  }
});

test('what is built into the program is in it', () => {
  const vendored = fs.readdirSync(path.join(sources, 'www', 'vendor'));
  assert.deepEqual(vendored.filter((name) => !list.components.some((component) => component.name === name)), []);
});

test('it is of this version of the program', async () => {
  const { stdout } = await run(program, ['--version']);
  assert.equal(stdout.trim(), `keurmerk ${list.metadata.component.version}`);
});

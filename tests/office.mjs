// A registry at work: a body with an auditor and a decider, and providers to certify. At the time of the machine, with the
// signer in a process of its own, as in earnest; or, where it is `clocked`, at the registry's set time.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';

import { allConform, Process, program, run, sign, sources, thumbprint } from './registry.mjs';

const scheme = JSON.parse(fs.readFileSync(`${sources}/registry/schemes/mkb-ict.json`, 'utf8'));
const scope = ['beheer'];

export class Office {
  // `listen`: where it serves; at its public address where that is not given.
  // `serving`: more to say to it. `domains`: those of the first provider.
  static async open(registry, providers, { listen, clocked, init = [], serving = [], domains = [] } = {}) {
    const office = new Office();
    office.registry = registry;
    office.listen = listen;
    office.serving = serving;
    office.clock = clocked ? ['--clock', registry.clock] : [];
    await office.must('init', '--url', registry.url, ...registry.place, ...init);
    await office.must('scheme', 'add', `${sources}/registry/schemes/mkb-ict.json`);
    await office.must('body', 'add', 'vc', '--name', 'Voorbeeld Certificatie', '--accreditation', 'C-000', '--scheme',
      scheme.id);
    office.providers = Array.from({ length: providers }, (_, i) => String(90000000 + i));
    for (const [i, kvk] of office.providers.entries()) {
      const named = i === 0 ? domains.flatMap((domain) => ['--domain', domain]) : [];
      await office.must('provider', 'add', kvk, `Voorbeeld ${kvk} BV`, ...named);
    }
    await office.serve();
    office.auditor = await office.person('Anna', 'auditor');
    office.decider = await office.person('Bram', 'decider');
    return office;
  }
  get now() {
    return this.clock.length ? this.registry.now : Math.floor(Date.now() / 1000);
  }
  use(...args) {
    return run(program, [...args, ...this.clock], { env: this.registry.env, cwd: this.registry.folder });
  }
  async must(...args) {
    const { status, stdout, stderr } = await this.use(...args);
    assert.equal(status, 0, `keurmerk ${args.join(' ')}: ${stderr}${stdout}`);
    return /^[[{]/.test(stdout) ? JSON.parse(stdout) : stdout;
  }
  async serve() {
    const listen = this.listen ? ['--listen', this.listen] : [];
    this.registry.server = new Process(['serve', ...listen, ...this.serving, ...this.clock], this.registry.env);
    await this.registry.server.out.says(/is served at/);
  }
  post(target, token) {
    const url = this.listen ? `http://${this.listen}` : this.registry.url;
    return fetch(url + target, { method: 'POST', body: token, headers: { 'Content-Type': 'application/jose' } });
  }
  compose(key, content) {
    const kid = thumbprint(key);
    return sign(key, { typ: 'keurmerk-submission+jwt', kid },
      { iss: kid, aud: this.registry.url, iat: this.now, jti: crypto.randomUUID(), ...content });
  }
  async submit(key, content) {
    const answer = await this.post('/v1/submissions', this.compose(key, content));
    const reply = await answer.json();
    assert.equal(answer.status, 201, JSON.stringify(reply));
    return reply;
  }
  decide(decision) {
    return this.submit(this.decider, { type: 'decision', decision });
  }
  async person(name, role) {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
    const { code } = await this.must('person', 'invite', '--body', 'vc', '--name', name, '--role', role, '--json');
    const token = sign(privateKey, { typ: 'keurmerk-enrolment+jwt', kid: thumbprint(privateKey) },
      { aud: this.registry.url, iat: this.now, code, jwk: publicKey.export({ format: 'jwk' }) });
    assert.equal((await this.post('/v1/enrolments', token)).status, 201);
    return privateKey;
  }
  // Audits and grants; the number of the mark.
  async grant(kvk) {
    const yesterday = new Date((this.now - 2 * 86400) * 1000).toISOString().slice(0, 10);
    const { id } = await this.submit(this.auditor, {
      type: 'audit',
      audit: {
        provider: kvk, scheme: scheme.id, version: 1, kind: 'initial', started: yesterday, finished: yesterday, scope,
        findings: allConform(scheme, scope), evidence: [], recommendation: 'grant',
      },
    });
    const { mark } = await this.decide({ action: 'grant', audit: id });
    return mark;
  }
}

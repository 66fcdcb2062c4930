// Mail, sent by the real program to a real mail server (smtp-server) on this machine, and read by a parser that is not ours
// (postal-mime).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';

import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

import { Office } from './office.mjs';
import { Process, Registry, run, sources } from './registry.mjs';

const NOW = Date.UTC(2026, 10, 24, 17, 2, 37) / 1000;
const DAY = 86400;
const PROVIDER = 'naam+keurmerk@bücher.example'; // on its way with A-labels; the server shows it so
const AWKWARD = 'Ünïcode "Søn" & <b@c.example>; (d) \\ Ωmega, ☃ 🎄 en nog heel veel meer tekens, ver voorbij één regel BV';

let registry, office, mark;

// What a server has taken, and how it behaves, which a test may change.
class MailServer {
  taken = [];
  commands = [];
  logins = [];
  static async open({ key = 'server.key', cert = 'server.pem', ...options } = {}) {
    const server = new MailServer();
    server.smtp = new SMTPServer({
      key: fs.readFileSync(registry.path(key)), cert: fs.readFileSync(registry.path(cert)),
      disableReverseLookup: true, logger: false, authOptional: true, closeTimeout: 100,
      onAuth: ({ username, password, method }, session, callback) => {
        server.logins.push({ username, password, method, secure: session.secure });
        callback(...(password === 'geheim' ? [null, { user: username }] : [new Error('no')]));
      },
      onMailFrom: ({ address }, session, callback) => callback(server.ofMail?.(address, session)),
      onRcptTo: ({ address }, session, callback) => callback(server.ofRcpt?.(address, session)),
      onData: (stream, session, callback) => {
        const chunks = [];
        stream.on('data', (chunk) => {
          chunks.push(chunk);
          server.ofChunk?.(session);
        });
        stream.on('end', async () => {
          const raw = Buffer.concat(chunks).toString('latin1');
          const wrong = await server.ofData?.(raw, session);
          if (!wrong) server.taken.push({ raw, session, envelope: session.envelope });
          callback(wrong);
        });
      },
      ...options,
    });
    server.smtp.on('error', () => {}); // a client that hangs up
    await new Promise((resolve) => server.smtp.listen(server.port ?? 0, '127.0.0.1', resolve));
    server.port = server.smtp.server.address().port;
    return server;
  }
  destroy(session) {
    for (const connection of this.smtp.connections) if (connection.id === session.id) connection._socket.destroy();
  }
  close() {
    return new Promise((resolve) => this.smtp.close(resolve));
  }
  async messages() {
    return Promise.all(this.taken.map(async ({ raw, envelope }) => {
      const parsed = await PostalMime.parse(Buffer.from(raw, 'latin1'));
      return { ...parsed, raw, rcpt: envelope.rcptTo.map(({ address }) => address), sender: envelope.mailFrom.address };
    }));
  }
}

const refusal = (code, words) => Object.assign(new Error(words), { responseCode: code });

function settings(server, changes = {}) {
  const file = registry.write('mail.json', {
    server: `smtp://localhost:${server.port}`, from: 'register@keurmerk.example', ca: registry.path('ca.pem'), ...changes });
  fs.chmodSync(file, 0o600);
  return file;
}

const send = (server, changes) => office.use('mail', 'send', '--settings', settings(server, changes));
const list = (state) => office.must('mail', 'list', '--json', ...(state ? ['--state', state] : []));
const drop = () => office.must('mail', 'drop');

// A server for one test alone.
async function served(options, body) {
  const server = await MailServer.open(options);
  try {
    await body(server);
  } finally {
    await server.close();
  }
}

async function certificate(name, host, issuer) {
  const at = (ending) => registry.path(`${name}${ending}`);
  const must = async (...args) => {
    const { status, stderr } = await run('openssl', args);
    assert.equal(status, 0, stderr);
  };
  const about = ['-subj', `/CN=${name}`, '-days', '30', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const signed = issuer ? ['-CA', registry.path(`${issuer}.pem`), '-CAkey', registry.path(`${issuer}.key`),
    '-addext', 'basicConstraints=CA:FALSE', '-addext', `subjectAltName=${host}`] : [];
  await must('req', '-x509', ...about, ...signed, '-keyout', at('.key'), '-out', at('.pem'));
}

// A notice changes nothing of a mark but what is told, so that each test can have mail of its own.
const notice = (text = 'Uitleg.') => office.decide({ action: 'notice', mark, reason: 'voorbeeld',
  text: { nl: text, en: text } });

before(async () => {
  registry = await Registry.make(NOW);
  office = await Office.open(registry, 2, { clocked: true });
  await certificate('ca');
  await certificate('server', 'DNS:localhost', 'ca');
  await certificate('elsewhere', 'DNS:mail.example', 'ca');
  await certificate('stranger');
  await office.must('body', 'contact', 'vc', '--email', 'post@vc.example', '--language', 'en');
  await office.must('provider', 'contact', office.providers[0], '--name', 'Voorbeeldpersoon',
    '--email', PROVIDER, '--language', 'nl');
  mark = await office.grant(office.providers[0]);
});
after(() => registry.done());
// No test finds what another has left; but for the first, which is of the grant.
let first = true;
beforeEach(async () => {
  if (!first) await drop();
  first = false;
});

test('a grant is told to the body and to the provider, each in their language, and once', () => served({}, async (server) => {
  const first = await send(server);
  assert.equal(first.status, 0, first.stdout + first.stderr);
  assert.match(first.stdout, /2 sent, 0 refused, 0 to be tried again/);
  assert.doesNotMatch(first.stdout + first.stderr, /@/, 'addresses do not go to the journal');
  const messages = await server.messages();
  const provider = messages.find(({ rcpt }) => rcpt[0] === PROVIDER);
  const body = messages.find(({ rcpt }) => rcpt[0] === 'post@vc.example');
  assert.equal(provider.subject, 'Toegekend: het mkb-keurmerk ICT van Voorbeeld 90000000 BV');
  assert.match(provider.text, /vanaf 24 november 2026[^]*tot en met 24 november 2029/);
  assert.match(body.subject, /^Granted: the SME ICT mark of Voorbeeld 90000000 BV$/);
  for (const { text } of messages) assert.ok(text.includes(`\n${registry.url}/m/${mark}\n`), text);
  assert.equal((await send(server)).stdout, '0 sent, 0 refused, 0 to be tried again later.\n');
  assert.equal(server.taken.length, 2);
  assert.deepEqual((await list('sent')).map(({ action, recipient }) => [action, recipient]),
    [['grant', 'body'], ['grant', 'provider']]);
}));

test('a trial message goes out over TLS, with the name and the password that the file has', () => served({}, async (server) => {
  const file = settings(server, { user: 'keurmerk', password: 'geheim', name: 'Zo "heet" het' });
  assert.match(await office.must('mail', 'try', 'ik@hier.example', '--settings', file), /has taken/);
  const [message] = await server.messages();
  assert.deepEqual(message.rcpt, ['ik@hier.example']);
  assert.equal(message.from.name, 'Zo "heet" het');
  assert.deepEqual(server.logins.map(({ username, secure }) => [username, secure]), [['keurmerk', true]]);
  const wrong = await office.use('mail', 'try', 'ik@hier.example', '--settings',
    settings(server, { user: 'keurmerk', password: 'fout' }));
  assert.equal(wrong.status, 3, wrong.stdout + wrong.stderr);
  assert.equal(server.taken.length, 1);
  assert.doesNotMatch(wrong.stdout + wrong.stderr, /fout/);
}));

test('each header is as the standards have it', () => served({}, async (server) => {
  registry.now += 60;
  await notice();
  assert.equal((await send(server)).status, 0);
  const messages = await server.messages();
  assert.equal(messages.length, 2);
  for (const { raw, headers, messageId, date, sender, rcpt } of messages) {
    const names = headers.map(({ key }) => key);
    assert.deepEqual(names, ['date', 'from', 'to', 'subject', 'message-id', 'auto-submitted', 'mime-version',
      'content-type', 'content-transfer-encoding', 'content-language']);
    const value = Object.fromEntries(headers.map(({ key, value }) => [key, value]));
    assert.equal(value['auto-submitted'], 'auto-generated');
    assert.equal(value['mime-version'], '1.0');
    assert.equal(value['content-type'], 'text/plain; charset=utf-8');
    assert.equal(value['content-transfer-encoding'], 'quoted-printable');
    assert.equal(value.to, rcpt[0] === PROVIDER ? '<naam+keurmerk@xn--bcher-kva.example>' : `<${rcpt[0]}>`);
    assert.equal(value['content-language'], rcpt[0] === 'post@vc.example' ? 'en' : 'nl');
    assert.match(messageId, /^<[0-9a-f]{32}@127\.0\.0\.1>$/);
    assert.equal(value.date, 'Tue, 24 Nov 2026 17:03:37 +0000');
    assert.equal(new Date(date).getTime(), registry.now * 1000);
    assert.equal(sender, 'register@keurmerk.example');
    assert.match(raw, /^[\r\n\x20-\x7e]*$/, 'ASCII alone');
    assert.doesNotMatch(raw.replaceAll('\r\n', ''), /[\r\n]/, 'CRLF alone');
    for (const line of raw.split('\r\n')) assert.ok(line.length <= 78, line);
  }
  assert.notEqual(messages[0].messageId, messages[1].messageId);
}));

test('what people wrote arrives as they wrote it, and ends neither the message nor a line', () => served({}, async (server) => {
  const texts = ['.', '.begint met een punt', 'From hier', 'é'.repeat(500), 'a = b; =3D =?UTF-8?B?YQ==?= spaties   einde',
    'x'.repeat(79), 'To: iemand@anders.example'];
  for (const text of texts) await notice(text);
  const { status, stderr } = await send(server);
  assert.equal(status, 0, stderr);
  const messages = await server.messages();
  assert.equal(messages.length, 2 * texts.length);
  for (const text of texts) {
    const found = messages.filter((message) => message.text.split('\n').includes(text));
    assert.equal(found.length, 2, text);
    for (const { text: all, rcpt, to } of found) {
      assert.match(all, /register/i, 'what comes after it is there, too');
      assert.deepEqual([rcpt.length, to.length], [1, 1]);
    }
  }
}));

test('a name can be anything, and adds no header and no recipient', () => served({}, async (server) => {
  const line = await office.use('provider', 'add', '68750110', 'Test BV\nBcc: iemand@anders.example');
  assert.equal(line.status, 1, line.stdout);
  await office.must('provider', 'add', '68750110', AWKWARD);
  await office.must('provider', 'contact', '68750110', '--email', 'post@donald.example');
  await office.grant('68750110');
  const { status, stdout, stderr } = await send(server, { name: 'Keurmérk "register", <x@y.example>' });
  assert.equal(status, 0, stdout + stderr);
  for (const { subject, text, from, to, cc, bcc, headers, raw } of await server.messages()) {
    assert.ok(subject.endsWith(AWKWARD), subject);
    assert.ok(text.includes(AWKWARD));
    assert.equal(from.name, 'Keurmérk "register", <x@y.example>');
    assert.equal(from.address, 'register@keurmerk.example');
    assert.equal(to.length, 1);
    assert.deepEqual([cc, bcc], [undefined, undefined]);
    assert.equal(headers.length, 10);
    for (const word of raw.match(/=\?[^\s]+\?=/g)) assert.ok(word.length <= 75, word);
  }
}));

test('without a certificate that the file trusts, nothing is said to the server', async () => {
  await notice();
  const waiting = (await list()).length;
  for (const [name, changes] of [['stranger', {}], ['elsewhere', {}], ['server', { ca: registry.path('stranger.pem') }]])
    await served({ key: `${name}.key`, cert: `${name}.pem` }, async (server) => {
      let spoken = 0;
      server.ofMail = () => void spoken++;
      registry.now += 3600;
      const { status, stderr } = await send(server, { user: 'keurmerk', password: 'geheim', ...changes });
      assert.equal(status, 3, stderr);
      assert.match(stderr, /certificate|SSL/i);
      assert.deepEqual([spoken, server.logins.length, server.taken.length], [0, 0, 0], name);
    });
  assert.equal((await list()).length, waiting);
  await drop();
});

test('a server without TLS gets nothing, unless it is on this machine and the file says so', async () => {
  await notice();
  await served({ disabledCommands: ['STARTTLS'] }, async (server) => {
    const { status, stderr } = await send(server, { user: 'keurmerk', password: 'geheim' });
    assert.equal(status, 3, stderr);
    assert.deepEqual([server.logins.length, server.taken.length], [0, 0]);
    registry.now += 601;
    assert.equal((await send(server, { starttls: false, ca: undefined })).status, 0);
    assert.equal(server.taken.length, 2);
  });
});

test('TLS from the first byte is spoken to where the file says smtps', () => served({ secure: true }, async (server) => {
  await notice();
  const { status, stderr } = await send(server, { server: `smtps://localhost:${server.port}` });
  assert.equal(status, 0, stderr);
  assert.equal(server.taken.length, 2);
}));

test('a proxy that the environment names is not used', () => served({}, async (server) => {
  await notice();
  const { status, stderr } = await run(process.env.KEURMERK ?? './keurmerk',
    ['mail', 'send', '--settings', settings(server), '--clock', registry.clock],
    { env: { ...registry.env, ALL_PROXY: 'http://127.0.0.1:9', all_proxy: 'socks5://127.0.0.1:9' } });
  assert.equal(status, 0, stderr);
}));

test('what the server does not take now is tried again later, and later again, until it does', () => served({}, async (server) => {
  await notice();
  server.ofRcpt = (address) => address === 'post@vc.example'
    && refusal(451, `4.7.1 <${address}> greylisted, try again`);
  const first = await send(server);
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stdout, /1 sent, 0 refused, 1 to be tried again/);
  const [waiting] = await list();
  assert.deepEqual([waiting.recipient, waiting.attempts], ['body', 1]);
  assert.match(waiting.detail, /^451 4\.7\.1 \(address\) greylisted/);
  server.ofRcpt = undefined;
  registry.now += 599;
  assert.match((await send(server)).stdout, /0 sent/);
  registry.now += 1;
  assert.match((await send(server)).stdout, /1 sent/);
  assert.equal(server.taken.length, 2);
  assert.deepEqual(await list(), []);
}));

test('what it refuses for good is not tried again, is shown, and goes out once more only when asked', () => served({},
  async (server) => {
    await notice();
    const ids = [];
    server.ofRcpt = (address) => address === 'post@vc.example' && refusal(550, '5.1.1 no such user here');
    server.ofData = (raw) => {
      ids.push(raw.match(/Message-ID: (.*)\r/)[1]);
      return refusal(554, '5.7.1 looks like spam');
    };
    const { status, stdout } = await send(server);
    assert.equal(status, 1, stdout);
    assert.match(stdout, /REFUSED .*554 5\.7\.1 looks like spam/);
    assert.match(stdout, /REFUSED .*550 5\.1\.1 no such user here/);
    const refused = await list('refused');
    assert.deepEqual(refused.map(({ recipient }) => recipient).sort(), ['body', 'provider']);
    const doctor = await office.use('doctor', '--offline');
    assert.match(doctor.stdout, /^BAD +mail +2 .*keurmerk mail list/m);
    registry.now += 12 * 3600;
    server.ofRcpt = undefined;
    assert.match((await send(server)).stdout, /0 sent, 0 refused/);
    server.ofData = undefined;
    await office.must('mail', 'again', ...refused.map(({ id }) => String(id)));
    assert.match((await send(server)).stdout, /2 sent/);
    assert.ok((await server.messages()).some(({ messageId }) => messageId === ids[0]), 'it is the same message');
    assert.match((await office.use('doctor', '--offline')).stdout, /^good +mail/m);
  }));

test('a server that does not want us is told of, and nothing is given up for it', () => served({}, async (server) => {
  await notice();
  server.ofMail = () => refusal(550, '5.7.1 sender not allowed');
  const { status, stderr } = await send(server);
  assert.equal(status, 3, stderr);
  assert.match(stderr, /550 5\.7\.1 sender not allowed/);
  assert.equal((await list('queued')).length, 2);
  server.ofMail = undefined;
  registry.now += 600;
  assert.match((await send(server)).stdout, /2 sent/);
}));

test('while the server is down all waits; doctor tells of it after a day, and after a week it is given up', async () => {
  await notice();
  const { port } = await MailServer.open().then(async (server) => (await server.close(), server));
  const down = await send({ port });
  assert.equal(down.status, 3, down.stdout);
  assert.match(down.stderr, /the mail waits/);
  assert.equal((await list('queued')).length, 2);
  assert.match((await office.use('doctor', '--offline')).stdout, /^good +mail/m);
  registry.now += DAY + 1;
  assert.match((await office.use('doctor', '--offline')).stdout, /^BAD +mail +2 .*wait/m);
  registry.now += 6 * DAY;
  await served({}, async (server) => {
    assert.match((await send(server)).stdout, /0 sent/);
    assert.equal(server.taken.length, 0);
  });
  assert.equal((await list('given-up')).filter(({ attempts }) => attempts).length, 1);
  registry.now += 8 * DAY; // doctor looks back a week
});

test('a server that dies in the middle of a message gets it again, with the same Message-ID', () => served({}, async (server) => {
  await notice();
  server.ofChunk = (session) => server.destroy(session);
  assert.equal((await send(server)).status, 3);
  assert.equal(server.taken.length, 0);
  server.ofChunk = undefined;
  // The one window: it has taken the message, and dies before it can say so.
  const ids = [];
  server.ofData = (raw, session) => {
    ids.push(raw.match(/Message-ID: (.*)\r/)[1]);
    server.destroy(session);
  };
  registry.now += 3600;
  assert.equal((await send(server)).status, 3);
  assert.equal(ids.length, 1);
  server.ofData = undefined;
  registry.now += 3600;
  const last = await send(server);
  assert.match(last.stdout, /2 sent/, last.stderr);
  const again = (await server.messages()).filter(({ messageId }) => messageId === ids[0]);
  assert.equal(again.length, 2, 'twice, and to be known as the same');
}));

test('a sender that is killed in the middle of a message is made up for after ten minutes', () => served({}, async (server) => {
  await notice();
  let kill;
  const reached = new Promise((resolve) => (kill = resolve));
  server.ofRcpt = () => void kill();
  server.ofData = () => new Promise((resolve) => setTimeout(() => resolve(refusal(451, 'nobody is there')), 300));
  const sender = new Process(['mail', 'send', '--settings', settings(server), '--clock', registry.clock], registry.env);
  await reached;
  await sender.stop('SIGKILL');
  server.ofRcpt = server.ofData = undefined;
  assert.match((await send(server)).stdout, /1 sent/, 'the other one');
  registry.now += 600;
  assert.match((await send(server)).stdout, /1 sent/);
  assert.equal(server.taken.length, 2);
  assert.equal(new Set((await server.messages()).map(({ rcpt }) => rcpt[0])).size, 2);
}));

test('of senders at the same time, each message is sent by one', () => served({}, async (server) => {
  for (let i = 0; i < 4; i++) await notice(`Uitleg ${i}.`);
  server.ofData = () => new Promise((resolve) => setTimeout(resolve, 50));
  const file = settings(server);
  const senders = await Promise.all([1, 2, 3].map(() => office.use('mail', 'send', '--settings', file)));
  for (const { status, stderr } of senders) assert.equal(status, 0, stderr);
  assert.equal(server.taken.length, 8);
  const messages = await server.messages();
  assert.equal(new Set(messages.map(({ messageId }) => messageId)).size, 8);
}));

test('a dry run shows it all, and sends, claims and queues nothing', async () => {
  await notice();
  const before = await list();
  const { status, stdout } = await office.use('mail', 'send', '--dry-run');
  assert.equal(status, 0);
  assert.match(stdout, /^To: post@vc\.example$/m);
  assert.match(stdout, /^Subject: Mededeling bij het mkb-keurmerk ICT van Voorbeeld 90000000 BV$/m);
  assert.deepEqual(await list(), before);
  await drop();
});

test('reminders come 60, 30 and 7 days before, and say by when and what to do', () => served({}, async (server) => {
  const due = Date.UTC(2027, 10, 24, 12) / 1000;
  for (const [days, expected] of [[61, 0], [60, 2], [59, 0], [30, 2], [7, 2], [1, 0]]) {
    registry.now = due - days * DAY;
    server.taken = [];
    const { status, stderr } = await send(server);
    assert.equal(status, 0, stderr);
    const messages = (await server.messages()).filter(({ text }) => text.includes(mark));
    assert.equal(messages.length, expected, `${days} days before`);
    const [provider] = messages.filter(({ rcpt }) => rcpt[0] !== 'post@vc.example');
    if (!provider) continue;
    assert.equal(provider.subject, 'Uiterlijk 24 november 2027: controle van Voorbeeld 90000000 BV');
    assert.match(provider.text, /Spreek nu een dag af met Voorbeeld Certificatie[^]*23 januari 2028/);
  }
}));

test('a lapse that the server records is told of', () => served({}, async (server) => {
  registry.now = Date.UTC(2028, 0, 24, 12) / 1000;
  await office.decide({ action: 'notice-end', mark }); // records first what time has done
  assert.match((await send(server)).stdout, /sent {5} .*suspend-lapse, to the provider/);
  const told = (await server.messages()).find(({ subject }) => /^Geschorst: .* Voorbeeld 90000000 BV/.test(subject));
  assert.match(told.text, /omdat de tussentijdse controle niet op tijd was[^]*na 22 juli 2028/);
}));

test('a contact that is erased gets nothing more', () => served({}, async (server) => {
  await notice();
  await office.must('provider', 'erase', office.providers[0]);
  await send(server);
  const rcpt = (await server.messages()).map(({ rcpt: [to] }) => to);
  assert.ok(rcpt.length > 0);
  assert.ok(rcpt.every((to) => to === 'post@vc.example'), String(rcpt));
}));

test('after an old copy was put back, `mail drop` keeps what was sent since from being sent again', () => served({},
  async (server) => {
    await notice();
    await office.must('backup', registry.path('copy.db'));
    await send(server);
    assert.ok(server.taken.length > 0);
    await registry.server.stop();
    for (const ending of ['-wal', '-shm']) fs.rmSync(registry.path('home', `register.db${ending}`), { force: true });
    fs.copyFileSync(registry.path('copy.db'), registry.path('home', 'register.db'));
    server.taken = [];
    assert.match(await drop(), /^Dropped [1-9]/);
    assert.match((await send(server)).stdout, /0 sent/);
    assert.equal(server.taken.length, 0);
  }));

test('settings that would leak, or make no sense, are refused with what to do', async () => {
  const open = settings({ port: 25 });
  fs.chmodSync(open, 0o640);
  const cases = [
    [{}, /chmod go=/, 0o640],
    [{ server: 'smtp://mail.example:25', starttls: false }, /this machine itself/],
    [{ server: 'http://mail.example' }, /smtp:\/\/HOST:PORT/],
    [{ server: 'smtp://user:word@mail.example' }, /smtp:\/\/HOST:PORT/],
    [{ server: 'smtp://mail.example:25/x' }, /smtp:\/\/HOST:PORT/],
    [{ from: 'Keurmerk <a@b.example>' }, /from: expected an e-mail address/],
    [{ password: 'x' }, /both, or neither/],
    [{ pasword: 'x', user: 'y' }, /pasword/],
  ];
  for (const [changes, words, mode = 0o600] of cases) {
    const file = settings({ port: 25 }, changes);
    fs.chmodSync(file, mode);
    const { status, stderr } = await office.use('mail', 'send', '--settings', file);
    assert.equal(status, 1, stderr);
    assert.match(stderr, words);
  }
  const none = await office.use('mail', 'send');
  assert.equal(none.status, 1);
  assert.match(none.stderr, /--settings FILE/);
});

test('systemd hands the settings over as a credential', () => served({}, async (server) => {
  fs.mkdirSync(registry.path('credentials'));
  fs.copyFileSync(settings(server), registry.path('credentials', 'keurmerk-mail'));
  fs.chmodSync(registry.path('credentials', 'keurmerk-mail'), 0o400);
  const { status, stdout, stderr } = await run(process.env.KEURMERK ?? './keurmerk',
    ['mail', 'try', 'ik@hier.example', '--clock', registry.clock],
    { env: { ...registry.env, CREDENTIALS_DIRECTORY: registry.path('credentials') } });
  assert.equal(status, 0, stdout + stderr);
  const unit = fs.readFileSync(`${sources}/dist/keurmerk-mail.service.in`, 'utf8');
  assert.match(unit, /^LoadCredential=keurmerk-mail:/m);
}));

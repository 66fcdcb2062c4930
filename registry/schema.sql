-- The register, from top to bottom. Moments are whole seconds since 1970-01-01T00:00:00Z.
--
-- Five kinds of table:
--   evidence   what people signed, byte for byte, and what was decided: only ever added to (triggers see to it), but for
--              what was purged: registry/purge.h
--   reference  schemes, bodies, people, providers: what the evidence refers to
--   the public what people told us: private and erasable, and nothing rests on it
--   mail       what is to be told by e-mail, and that it was: nothing rests on it
--   derived    what can be made again from the first two: search, credentials
--
-- `PRAGMA user_version` is the number of this schema; registry/store.c holds the steps from older ones.

CREATE TABLE register (            -- exactly one row
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    url         TEXT    NOT NULL,  -- public address, without a trailing slash; part of every signature
    created_at  INTEGER NOT NULL
) STRICT;

---------------------------------------------------------------------------------------------------- reference

CREATE TABLE scheme (
    id           TEXT    NOT NULL, -- slug
    version      INTEGER NOT NULL CHECK (version >= 1),
    json         BLOB    NOT NULL, -- verbatim
    sha256       BLOB    NOT NULL CHECK (length(sha256) = 32),
    added_at     INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER scheme_kept_1 BEFORE UPDATE ON scheme BEGIN SELECT raise(ABORT, 'a published scheme never changes'); END;
CREATE TRIGGER scheme_kept_2 BEFORE DELETE ON scheme BEGIN SELECT raise(ABORT, 'a published scheme never changes'); END;

CREATE TABLE body (                -- certification body
    id            INTEGER PRIMARY KEY,
    slug          TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    accreditation TEXT    NOT NULL,
    city          TEXT,
    country       TEXT    NOT NULL CHECK (length(country) = 2),
    url           TEXT,
    added_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE body_contact (        -- private, and erasable: where it gets its mail
    body_id  INTEGER PRIMARY KEY REFERENCES body(id),
    email    TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('nl', 'en'))
) STRICT;

CREATE TABLE body_scheme (         -- what a body may certify for
    body_id   INTEGER NOT NULL REFERENCES body(id),
    scheme_id TEXT    NOT NULL,
    PRIMARY KEY (body_id, scheme_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (              -- never public
    id         INTEGER PRIMARY KEY,
    body_id    INTEGER NOT NULL REFERENCES body(id),
    name       TEXT    NOT NULL,
    roles      INTEGER NOT NULL CHECK (roles BETWEEN 1 AND 7), -- bits: 1 auditor, 2 decider, 4 admin
    added_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX person_by_body ON person(body_id);

CREATE TABLE person_roles (        -- … and from when; the last one of a person is what stands in person.roles
    person_id     INTEGER NOT NULL REFERENCES person(id),
    sequence      INTEGER NOT NULL, -- from 1, with which they were invited
    roles         INTEGER NOT NULL CHECK (roles BETWEEN 1 AND 7),
    set_at        INTEGER NOT NULL,
    submission_id TEXT    REFERENCES submission(id) DEFERRABLE INITIALLY DEFERRED, -- NULL: no admin of the body did it
    PRIMARY KEY (person_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_roles_by_submission ON person_roles(submission_id);

CREATE TABLE person_key (
    thumbprint  TEXT    PRIMARY KEY,                                  -- RFC 7638
    person_id   INTEGER NOT NULL REFERENCES person(id),
    public_key  BLOB    NOT NULL CHECK (length(public_key) = 32),     -- Ed25519
    enrolment   BLOB    NOT NULL,                                     -- the JWS that proved possession, verbatim
    enrolled_at INTEGER NOT NULL,
    revoked_at  INTEGER                                               -- others may have had it from here on
) STRICT, WITHOUT ROWID;
CREATE INDEX person_key_by_person ON person_key(person_id);

CREATE TABLE invitation (          -- one-time codes; only their digest is kept
    code_sha256 BLOB    PRIMARY KEY CHECK (length(code_sha256) = 32),
    person_id   INTEGER NOT NULL REFERENCES person(id),
    made_at     INTEGER NOT NULL,
    made_by     TEXT    REFERENCES person_key(thumbprint), -- whose submission it was; NULL: the operator's command
    expires_at  INTEGER NOT NULL,                          -- sooner where it was ended
    used_at     INTEGER,
    used_for    TEXT    REFERENCES person_key(thumbprint)  -- the key that was enrolled with it
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_by_person ON invitation(person_id);
CREATE INDEX invitation_by_maker ON invitation(made_by) WHERE made_by IS NOT NULL;

CREATE TABLE provider (            -- what is public about a provider
    id            INTEGER PRIMARY KEY,
    kvk           TEXT             CHECK (length(kvk) = 8), -- always there, unless erased
    establishment TEXT             CHECK (length(establishment) = 12),
    rsin          TEXT             CHECK (length(rsin) = 9),
    lei           TEXT             CHECK (length(lei) = 20),
    euid          TEXT    NOT NULL,
    name          TEXT    NOT NULL, -- legal name
    city          TEXT,
    region        TEXT             CHECK (length(region) BETWEEN 4 AND 6), -- ISO 3166-2
    country       TEXT    NOT NULL CHECK (length(country) = 2),
    added_at      INTEGER NOT NULL,
    erased_at     INTEGER CHECK ((erased_at IS NULL) = (kvk IS NOT NULL)) -- what named it is gone: registry/provider_erase.h
) STRICT;
CREATE UNIQUE INDEX provider_by_kvk ON provider(kvk);
CREATE INDEX provider_by_name ON provider(name COLLATE NOCASE);
CREATE UNIQUE INDEX provider_by_rsin ON provider(rsin) WHERE rsin IS NOT NULL;
CREATE UNIQUE INDEX provider_by_lei ON provider(lei) WHERE lei IS NOT NULL;

CREATE TABLE provider_trade_name (
    provider_id INTEGER NOT NULL REFERENCES provider(id),
    position    INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    PRIMARY KEY (provider_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_trade_name_by_name ON provider_trade_name(name COLLATE NOCASE);

CREATE TABLE provider_domain (
    provider_id INTEGER NOT NULL REFERENCES provider(id),
    position    INTEGER NOT NULL,
    domain      TEXT    NOT NULL UNIQUE, -- A-labels; one provider each
    proven_at   INTEGER,                 -- last proof that it is theirs
    PRIMARY KEY (provider_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE provider_contact (    -- private, and erasable: nothing signed or logged rests on it
    provider_id INTEGER PRIMARY KEY REFERENCES provider(id),
    name        TEXT,
    email       TEXT,
    phone       TEXT,
    language    TEXT CHECK (language IN ('nl', 'en'))
) STRICT;

CREATE TABLE provider_link (       -- what a body hands out to a provider, to see its own page by; only a digest is kept
    token_sha256 BLOB    PRIMARY KEY CHECK (length(token_sha256) = 32),
    provider_id  INTEGER NOT NULL REFERENCES provider(id),
    body_id      INTEGER NOT NULL REFERENCES body(id),
    made_at      INTEGER NOT NULL,
    made_by      TEXT    REFERENCES person_key(thumbprint), -- whose submission it was; NULL: the operator's command
    expires_at   INTEGER NOT NULL                           -- sooner where it was withdrawn, or another took its place
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_link_by_maker ON provider_link(made_by) WHERE made_by IS NOT NULL;
CREATE INDEX provider_link_by_provider ON provider_link(provider_id, body_id, expires_at);

---------------------------------------------------------------------------------------------------- evidence

CREATE TABLE submission (          -- what a person signed, byte for byte
    sequence    INTEGER PRIMARY KEY,                      -- from 1, in the order of acceptance
    id          TEXT    NOT NULL UNIQUE,                  -- base64url(SHA-256(bytes))
    thumbprint  TEXT    NOT NULL REFERENCES person_key(thumbprint),
    jti         TEXT    NOT NULL,
    type        TEXT    NOT NULL CHECK (type IN ('audit', 'decision', 'case', 'person', 'link')),
    iat         INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    bytes       BLOB    NOT NULL,                         -- none where it was purged
    reply       TEXT    NOT NULL,                         -- the first answer, given again when the bytes come again
    UNIQUE (thumbprint, jti)
) STRICT;

CREATE TABLE audit (
    submission_id  TEXT    PRIMARY KEY REFERENCES submission(id) DEFERRABLE INITIALLY DEFERRED,
    provider_id    INTEGER NOT NULL REFERENCES provider(id),
    body_id        INTEGER NOT NULL REFERENCES body(id),
    auditor_id     INTEGER NOT NULL REFERENCES person(id),
    scheme_id      TEXT    NOT NULL,
    scheme_version INTEGER NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN ('initial', 'surveillance', 'recertification', 'special', 'follow-up')),
    follows        TEXT    REFERENCES audit(submission_id) CHECK ((follows IS NOT NULL) = (kind = 'follow-up')),
    started_on     INTEGER NOT NULL, -- first second of the day
    finished_on    INTEGER NOT NULL,
    scope          TEXT    NOT NULL, -- JSON array of service ids, in the scheme's order
    level          TEXT,
    recommendation TEXT,             -- this and the next two: NULL where it was purged
    majors         INTEGER,          -- in this audit; what is open now: registry/finding.h
    minors         INTEGER,
    recorded_at    INTEGER NOT NULL,
    FOREIGN KEY (scheme_id, scheme_version) REFERENCES scheme(id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_provider ON audit(provider_id, scheme_id, recorded_at);
CREATE INDEX audit_by_followed ON audit(follows) WHERE follows IS NOT NULL;
CREATE INDEX audit_by_body ON audit(body_id, recorded_at);

CREATE TABLE finding (
    audit_id  TEXT NOT NULL REFERENCES audit(submission_id) DEFERRABLE INITIALLY DEFERRED,
    criterion TEXT NOT NULL,
    result    TEXT NOT NULL CHECK (result IN ('conform', 'minor', 'major', 'not-applicable')),
    note      TEXT,                  -- reason for not-applicable, description otherwise
    due_on    INTEGER,               -- corrective action must be done by the end of this day
    PRIMARY KEY (audit_id, criterion)
) STRICT, WITHOUT ROWID;

CREATE TABLE mark (
    id            INTEGER PRIMARY KEY,       -- also its index in both status lists, less one
    number        TEXT    NOT NULL UNIQUE CHECK (length(number) = 12),
    provider_id   INTEGER NOT NULL REFERENCES provider(id),
    scheme_id     TEXT    NOT NULL,
    granted_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX mark_by_provider ON mark(provider_id);

CREATE TABLE decision (
    submission_id TEXT    PRIMARY KEY REFERENCES submission(id) DEFERRABLE INITIALLY DEFERRED,
    mark_id       INTEGER REFERENCES mark(id), -- NULL for a refusal to grant
    audit_id      TEXT    REFERENCES audit(submission_id),
    body_id       INTEGER NOT NULL REFERENCES body(id),
    decider_id    INTEGER NOT NULL REFERENCES person(id),
    action        TEXT    NOT NULL,           -- registry/rule.c lists them
    reason        TEXT,                       -- code
    text_nl       TEXT,                       -- for the public
    text_en       TEXT,
    to_body_id    INTEGER REFERENCES body(id),             -- transfer: who is to take the mark over
    transfer_id   TEXT    REFERENCES decision(submission_id), -- accept-transfer, refuse-transfer: what it answers
    holds_from    INTEGER NOT NULL,
    recorded_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_by_mark ON decision(mark_id);
CREATE INDEX decision_by_audit ON decision(audit_id);
CREATE INDEX decision_by_target ON decision(to_body_id) WHERE to_body_id IS NOT NULL;
CREATE UNIQUE INDEX decision_by_transfer ON decision(transfer_id) WHERE transfer_id IS NOT NULL;

CREATE TABLE mark_period (         -- one for each decision that changes a mark; see registry/mark.h
    mark_id            INTEGER NOT NULL REFERENCES mark(id),
    sequence           INTEGER NOT NULL,      -- from 1, in the order of recording
    decision_id        TEXT    NOT NULL REFERENCES decision(submission_id),
    holds_from         INTEGER NOT NULL,
    recorded_at        INTEGER NOT NULL,
    state              TEXT    NOT NULL CHECK (state IN ('active', 'suspended', 'withdrawn')),
    body_id            INTEGER NOT NULL REFERENCES body(id),
    scheme_version     INTEGER NOT NULL,
    scope              TEXT    NOT NULL,      -- JSON array of service ids
    level              TEXT,
    valid_from         INTEGER NOT NULL,
    valid_until        INTEGER NOT NULL,      -- last second
    surveillance_due   INTEGER,
    surveillance_limit INTEGER,               -- end of the grace period
    suspension_limit   INTEGER,               -- a suspension, decided or by lapse, ends in withdrawal after this
    PRIMARY KEY (mark_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE case_file (           -- an appeal, a complaint or misuse that a body deals with; never public
    submission_id TEXT    PRIMARY KEY REFERENCES submission(id) DEFERRABLE INITIALLY DEFERRED,
    kind          TEXT    NOT NULL CHECK (kind IN ('appeal', 'complaint', 'misuse')),
    body_id       INTEGER NOT NULL REFERENCES body(id),
    opened_by     INTEGER NOT NULL REFERENCES person(id),
    mark_id       INTEGER REFERENCES mark(id),
    decision_id   TEXT    REFERENCES decision(submission_id) CHECK ((decision_id IS NOT NULL) = (kind = 'appeal')),
    report        TEXT,                      -- reference of what the public reported, where it began with that
    letter_sha256 BLOB CHECK (length(letter_sha256) = 32), -- of what was written; the letter stays with the body
    received_on   INTEGER NOT NULL,          -- first second of the day
    due_at        INTEGER NOT NULL,          -- to be decided by this second
    recorded_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX case_by_body ON case_file(body_id, due_at);
CREATE INDEX case_by_mark ON case_file(mark_id) WHERE mark_id IS NOT NULL;
CREATE INDEX case_by_report ON case_file(report) WHERE report IS NOT NULL;
CREATE INDEX case_by_decision ON case_file(decision_id) WHERE decision_id IS NOT NULL;

CREATE TABLE case_closure (        -- how it ended
    submission_id TEXT    PRIMARY KEY REFERENCES submission(id) DEFERRABLE INITIALLY DEFERRED,
    case_id       TEXT    NOT NULL UNIQUE REFERENCES case_file(submission_id),
    closed_by     INTEGER NOT NULL REFERENCES person(id),
    outcome       TEXT    NOT NULL CHECK (outcome IN ('upheld', 'rejected', 'settled')),
    reason        TEXT    NOT NULL,          -- code
    recorded_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE purge (               -- what was taken away of what people signed: registry/purge.h
    submission_id TEXT    PRIMARY KEY REFERENCES submission(id),
    record_id     TEXT    NOT NULL,          -- the audit, the case or the decision that it was part of
    why           TEXT    NOT NULL CHECK (why IN ('retention', 'erasure')),
    provider_id   INTEGER REFERENCES provider(id), -- whose cycle of certification counted; NULL for a case about nobody's
    scheme_id     TEXT,
    last_at       INTEGER NOT NULL,          -- when something was last added to that record
    purged_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX purge_by_record ON purge(record_id);
CREATE INDEX purge_by_provider ON purge(provider_id);

-- What a body has to do, by date.
CREATE INDEX mark_period_by_surveillance ON mark_period(body_id, surveillance_due) WHERE surveillance_due IS NOT NULL;
CREATE INDEX mark_period_by_end ON mark_period(body_id, valid_until);
CREATE INDEX mark_period_by_suspension ON mark_period(body_id, suspension_limit) WHERE suspension_limit IS NOT NULL;
CREATE INDEX finding_by_due ON finding(due_on) WHERE due_on IS NOT NULL;

CREATE TABLE event (               -- the public history of a mark
    id          INTEGER PRIMARY KEY,
    mark_id     INTEGER NOT NULL REFERENCES mark(id),
    decision_id TEXT    REFERENCES decision(submission_id), -- NULL for a lapse by time
    at          INTEGER NOT NULL,             -- holds from
    recorded_at INTEGER NOT NULL,
    action      TEXT    NOT NULL,
    reason      TEXT,
    text_nl     TEXT,
    text_en     TEXT,
    state       TEXT    NOT NULL              -- after it
) STRICT;
CREATE INDEX event_by_mark ON event(mark_id);
CREATE INDEX event_by_time ON event(at);
CREATE UNIQUE INDEX event_of_lapse ON event(mark_id, at, action) WHERE decision_id IS NULL;

CREATE TABLE record (              -- that rows of reference and of the public are as they were written: registry/record.h
    sequence    INTEGER PRIMARY KEY,           -- from 1, in the order of writing
    table_name  TEXT    NOT NULL,
    row_key     TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    sha256      BLOB CHECK (length(sha256) = 32), -- of the salt and the whole row; NULL: the row was erased
    salt        BLOB CHECK (length(salt) = 16),   -- random; NULL once a later record of that row is there
    chain       BLOB    NOT NULL CHECK (length(chain) = 32) -- commits to all records up to this one
) STRICT;
CREATE UNIQUE INDEX record_of_row ON record(table_name, row_key) WHERE salt IS NOT NULL;
CREATE INDEX record_by_row ON record(table_name, row_key, sequence);

CREATE TABLE log_entry (           -- the transparency log: what the world can hold us to; see registry/log_publish.h
    position   INTEGER PRIMARY KEY CHECK (position >= 0),  -- from 0, without gaps
    mark_id    INTEGER REFERENCES mark(id),                -- of whose history it is part
    event_id   INTEGER UNIQUE REFERENCES event(id),        -- what it tells of
    submission INTEGER UNIQUE REFERENCES submission(sequence), -- what it commits to
    record     INTEGER UNIQUE REFERENCES record(sequence), -- up to which it commits to
    credential BLOB    CHECK (length(credential) = 32),    -- SHA-256 of the one that it names
    bytes      BLOB    NOT NULL CHECK (length(bytes) BETWEEN 1 AND 65535)
) STRICT;
CREATE INDEX log_entry_by_mark ON log_entry(mark_id, position);
CREATE INDEX log_entry_by_credential ON log_entry(credential, position) WHERE credential IS NOT NULL;

CREATE TABLE log_hash (            -- of every complete subtree: that of the 2^level leaves from position * 2^level on
    level    INTEGER NOT NULL CHECK (level BETWEEN 0 AND 62),
    position INTEGER NOT NULL CHECK (position >= 0),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_checkpoint (      -- every one that was ever signed
    id   INTEGER PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB    NOT NULL CHECK (length(root) = 32),
    note TEXT    NOT NULL,         -- the signed note
    at   INTEGER NOT NULL
) STRICT;
CREATE INDEX log_checkpoint_by_size ON log_checkpoint(size);

-- Evidence is only added to.
CREATE TRIGGER record_next BEFORE INSERT ON record WHEN new.sequence <> coalesce((SELECT max(sequence) + 1 FROM record), 1)
BEGIN SELECT raise(ABORT, 'records come one after another'); END;
CREATE TRIGGER record_kept_1 BEFORE UPDATE OF sequence, table_name, row_key, recorded_at, sha256, chain ON record
BEGIN SELECT raise(ABORT, 'records are kept as they came'); END;
CREATE TRIGGER record_kept_2 BEFORE UPDATE OF salt ON record WHEN new.salt IS NOT NULL
BEGIN SELECT raise(ABORT, 'the salt of a record is only erased'); END;
CREATE TRIGGER record_kept_3 BEFORE DELETE ON record BEGIN SELECT raise(ABORT, 'records are kept as they came'); END;
CREATE TRIGGER log_entry_next BEFORE INSERT ON log_entry WHEN new.position <> coalesce((SELECT max(position) + 1 FROM log_entry), 0)
BEGIN SELECT raise(ABORT, 'entries of the log come one after another'); END;
CREATE TRIGGER log_entry_kept_1 BEFORE UPDATE ON log_entry BEGIN SELECT raise(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_entry_kept_2 BEFORE DELETE ON log_entry BEGIN SELECT raise(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_hash_kept_1 BEFORE UPDATE ON log_hash BEGIN SELECT raise(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_hash_kept_2 BEFORE DELETE ON log_hash BEGIN SELECT raise(ABORT, 'the log is only added to'); END;
CREATE TRIGGER log_checkpoint_kept_1 BEFORE UPDATE ON log_checkpoint BEGIN SELECT raise(ABORT, 'checkpoints are only added'); END;
CREATE TRIGGER log_checkpoint_kept_2 BEFORE DELETE ON log_checkpoint BEGIN SELECT raise(ABORT, 'checkpoints are only added'); END;
CREATE TRIGGER submission_kept_1 BEFORE UPDATE OF sequence, id, thumbprint, jti, type, iat, received_at ON submission
BEGIN SELECT raise(ABORT, 'submissions are kept as they came'); END;
CREATE TRIGGER submission_kept_3 BEFORE UPDATE OF bytes, reply ON submission
WHEN length(new.bytes) > 0 OR NOT EXISTS (SELECT 1 FROM purge WHERE submission_id = old.id)
BEGIN SELECT raise(ABORT, 'submissions are kept as they came'); END;
CREATE TRIGGER submission_kept_2 BEFORE DELETE ON submission BEGIN SELECT raise(ABORT, 'submissions are kept as they came'); END;
CREATE TRIGGER person_roles_kept_1 BEFORE UPDATE ON person_roles BEGIN SELECT raise(ABORT, 'roles are only added'); END;
CREATE TRIGGER person_roles_kept_2 BEFORE DELETE ON person_roles BEGIN SELECT raise(ABORT, 'roles are only added'); END;
CREATE TRIGGER audit_kept_1 BEFORE UPDATE OF submission_id, provider_id, body_id, auditor_id, scheme_id,
    scheme_version, kind, follows, started_on, finished_on, scope, level, recorded_at ON audit
BEGIN SELECT raise(ABORT, 'audits are kept as they came'); END;
CREATE TRIGGER audit_kept_3 BEFORE UPDATE OF recommendation, majors, minors ON audit
WHEN new.recommendation IS NOT NULL OR new.majors IS NOT NULL OR new.minors IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM purge WHERE submission_id = old.submission_id)
BEGIN SELECT raise(ABORT, 'audits are kept as they came'); END;
CREATE TRIGGER audit_kept_2 BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audits are kept as they came'); END;
CREATE TRIGGER finding_kept_1 BEFORE UPDATE ON finding BEGIN SELECT raise(ABORT, 'findings are kept as they came'); END;
CREATE TRIGGER finding_kept_2 BEFORE DELETE ON finding
WHEN NOT EXISTS (SELECT 1 FROM purge WHERE submission_id = old.audit_id)
BEGIN SELECT raise(ABORT, 'findings are kept as they came'); END;
CREATE TRIGGER decision_kept_1 BEFORE UPDATE OF submission_id, mark_id, audit_id, body_id, decider_id, action,
    reason, to_body_id, transfer_id, holds_from, recorded_at ON decision
BEGIN SELECT raise(ABORT, 'decisions are kept as they came'); END;
CREATE TRIGGER decision_kept_3 BEFORE UPDATE OF text_nl, text_en ON decision
WHEN new.text_nl IS NOT NULL OR new.text_en IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM purge WHERE submission_id = old.submission_id)
BEGIN SELECT raise(ABORT, 'decisions are kept as they came'); END;
CREATE TRIGGER decision_kept_2 BEFORE DELETE ON decision BEGIN SELECT raise(ABORT, 'decisions are kept as they came'); END;
CREATE TRIGGER mark_period_kept_1 BEFORE UPDATE ON mark_period BEGIN SELECT raise(ABORT, 'periods are only added'); END;
CREATE TRIGGER mark_period_kept_2 BEFORE DELETE ON mark_period BEGIN SELECT raise(ABORT, 'periods are only added'); END;
CREATE TRIGGER case_file_kept_1 BEFORE UPDATE ON case_file BEGIN SELECT raise(ABORT, 'cases are kept as they came'); END;
CREATE TRIGGER case_file_kept_2 BEFORE DELETE ON case_file
WHEN NOT EXISTS (SELECT 1 FROM purge WHERE submission_id = old.submission_id)
BEGIN SELECT raise(ABORT, 'cases are kept as they came'); END;
CREATE TRIGGER case_closure_kept_1 BEFORE UPDATE ON case_closure BEGIN SELECT raise(ABORT, 'cases are kept as they came'); END;
CREATE TRIGGER case_closure_kept_2 BEFORE DELETE ON case_closure
WHEN NOT EXISTS (SELECT 1 FROM purge WHERE submission_id = old.submission_id)
BEGIN SELECT raise(ABORT, 'cases are kept as they came'); END;
CREATE TRIGGER event_kept_1 BEFORE UPDATE OF id, mark_id, decision_id, at, recorded_at, action, reason, state ON event
BEGIN SELECT raise(ABORT, 'events are only added'); END;
CREATE TRIGGER event_kept_3 BEFORE UPDATE OF text_nl, text_en ON event
WHEN new.text_nl IS NOT NULL OR new.text_en IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM purge WHERE submission_id = old.decision_id)
BEGIN SELECT raise(ABORT, 'events are only added'); END;
CREATE TRIGGER event_kept_2 BEFORE DELETE ON event BEGIN SELECT raise(ABORT, 'events are only added'); END;
CREATE TRIGGER purge_kept_1 BEFORE UPDATE ON purge BEGIN SELECT raise(ABORT, 'what was purged stays told of'); END;
CREATE TRIGGER purge_kept_2 BEFORE DELETE ON purge BEGIN SELECT raise(ABORT, 'what was purged stays told of'); END;

---------------------------------------------------------------------------------------------------- the public

CREATE TABLE report (              -- what the public told us: never public, and erasable
    id          INTEGER PRIMARY KEY,
    reference   TEXT    NOT NULL UNIQUE,     -- what the sender may refer to it by
    kind        TEXT    NOT NULL CHECK (kind IN ('misuse', 'complaint', 'security')),
    mark_id     INTEGER REFERENCES mark(id), -- NULL where it is about none
    text        TEXT    NOT NULL,
    place       TEXT,                        -- where it was seen
    contact     TEXT,                        -- how to reach the sender
    received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX report_by_mark ON report(mark_id);
CREATE INDEX report_by_time ON report(received_at);

CREATE TABLE usage (               -- how much the register is used, and nothing of who or what for
    month TEXT    NOT NULL CHECK (length(month) = 7), -- "2026-11", in Amsterdam
    kind  TEXT    NOT NULL CHECK (kind IN ('lookup', 'scan', 'check')),
    count INTEGER NOT NULL,
    PRIMARY KEY (month, kind)
) STRICT, WITHOUT ROWID;

---------------------------------------------------------------------------------------------------- mail

CREATE TABLE mail (                -- what is to be told to whom, and that it was; no address and no words: registry/mail.h
    id          INTEGER PRIMARY KEY,
    key         TEXT    NOT NULL UNIQUE,     -- what it tells, and to whom: one message each
    kind        TEXT    NOT NULL CHECK (kind IN ('change', 'surveillance', 'expiry', 'suspension', 'finding')),
    recipient   TEXT    NOT NULL CHECK (recipient IN ('body', 'provider')),
    body_id     INTEGER NOT NULL REFERENCES body(id),
    provider_id INTEGER NOT NULL REFERENCES provider(id),
    mark_id     INTEGER REFERENCES mark(id),
    event_id    INTEGER REFERENCES event(id) CHECK ((event_id IS NOT NULL) = (kind = 'change')),
    audit_id    TEXT    REFERENCES audit(submission_id) CHECK ((audit_id IS NOT NULL) = (kind = 'finding')),
    due_at      INTEGER CHECK ((due_at IS NOT NULL) = (kind <> 'change')), -- what it reminds of
    queued_at   INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'refused', 'given-up', 'dropped')),
    at          INTEGER NOT NULL,            -- queued: when it is tried next; otherwise when that ended
    attempts    INTEGER NOT NULL,
    detail      TEXT                         -- why it is not sent, for the operator
) STRICT;
CREATE INDEX mail_by_state ON mail(state, at);
CREATE INDEX mail_by_provider ON mail(provider_id);
CREATE INDEX mail_by_body ON mail(body_id);
CREATE INDEX mail_by_mark ON mail(mark_id);
CREATE INDEX mail_by_event ON mail(event_id) WHERE event_id IS NOT NULL;
CREATE INDEX mail_by_audit ON mail(audit_id) WHERE audit_id IS NOT NULL;

---------------------------------------------------------------------------------------------------- derived

CREATE TABLE credential (          -- the newest for each mark
    mark_id   INTEGER PRIMARY KEY REFERENCES mark(id),
    token     TEXT    NOT NULL,    -- compact JWS
    document  TEXT    NOT NULL,    -- the same credential as JSON-LD, with an embedded proof
    qr_token  TEXT    NOT NULL,    -- what the signed QR code holds: a CWT in base32
    kid       TEXT    NOT NULL,    -- thumbprint of the key that signed them
    issued_at INTEGER NOT NULL
) STRICT;
CREATE INDEX credential_by_key ON credential(kid);

CREATE TABLE lapse_due (           -- marks that will change by themselves, and when
    mark_id INTEGER PRIMARY KEY REFERENCES mark(id),
    at      INTEGER NOT NULL       -- first second of the new state
) STRICT;
CREATE INDEX lapse_due_by_time ON lapse_due(at);

CREATE TABLE mark_facet (          -- by what marks are found: all that a mark is, was or will be by its decisions
    facet   TEXT    NOT NULL,      -- 'scheme:mkb-ict', 'service:cloud', 'level:2', 'region:NL-UT', 'city:utrecht', 'state:…'
    mark_id INTEGER NOT NULL REFERENCES mark(id),
    PRIMARY KEY (facet, mark_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER mark_facet_of_period AFTER INSERT ON mark_period BEGIN
    INSERT INTO mark_facet SELECT 'scheme:' || scheme_id, id FROM mark WHERE id = new.mark_id ON CONFLICT DO NOTHING;
    INSERT INTO mark_facet SELECT 'city:' || lower(provider.city), mark.id FROM mark
        JOIN provider ON provider.id = mark.provider_id WHERE mark.id = new.mark_id AND provider.city IS NOT NULL
        ON CONFLICT DO NOTHING;
    INSERT INTO mark_facet SELECT 'region:' || provider.region, mark.id FROM mark
        JOIN provider ON provider.id = mark.provider_id WHERE mark.id = new.mark_id AND provider.region IS NOT NULL
        ON CONFLICT DO NOTHING;
    INSERT INTO mark_facet SELECT 'service:' || value, new.mark_id FROM json_each(new.scope) WHERE true
        ON CONFLICT DO NOTHING;
    INSERT INTO mark_facet SELECT 'level:' || new.level, new.mark_id WHERE new.level IS NOT NULL
        ON CONFLICT DO NOTHING;
    INSERT INTO mark_facet VALUES ('state:' || new.state, new.mark_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER mark_facet_of_lapse AFTER INSERT ON event WHEN new.decision_id IS NULL BEGIN
    INSERT INTO mark_facet VALUES ('state:' || new.state, new.mark_id) ON CONFLICT DO NOTHING;
END;

CREATE TABLE domain_check (        -- when each domain was last looked at, and is to be looked at next: registry/domain_proof.h
    domain        TEXT    PRIMARY KEY, -- one row for each of provider_domain
    next_at       INTEGER NOT NULL,
    checked_at    INTEGER,             -- NULL before the first time
    failing_since INTEGER,             -- NULL where the last look found the proof
    detail        TEXT                 -- what it found, for the operator
) STRICT, WITHOUT ROWID;
CREATE INDEX domain_check_by_next ON domain_check(next_at);
CREATE TRIGGER domain_check_begins AFTER INSERT ON provider_domain
BEGIN INSERT INTO domain_check (domain, next_at) VALUES (new.domain, 0); END;
CREATE TRIGGER domain_check_ends AFTER DELETE ON provider_domain
BEGIN DELETE FROM domain_check WHERE domain = old.domain; END;

-- Names of providers, legal and trade names, accents folded. rowid = provider.id.
CREATE VIRTUAL TABLE provider_search USING fts5(names, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3 4 5');

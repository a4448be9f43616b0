-- What a run is written down in. An attempt is graded exactly when its document is there, and what ended is never changed.
CREATE TABLE settings (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), document TEXT NOT NULL) STRICT;
CREATE TABLE holder (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), document TEXT NOT NULL) STRICT;
CREATE TABLE student (id TEXT PRIMARY KEY, place INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
CREATE TABLE submission (student TEXT PRIMARY KEY REFERENCES student (id), document TEXT NOT NULL) STRICT;
CREATE TABLE stray (name TEXT PRIMARY KEY) STRICT;
CREATE TABLE attempt (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    student TEXT NOT NULL REFERENCES student (id),
    module TEXT NOT NULL,
    key TEXT NOT NULL,
    why TEXT NOT NULL CHECK (why IN ('first', 'changed', 'rerun-failed', 'regrade')),
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'graded', 'error')),
    tries INTEGER NOT NULL DEFAULT 0,
    queued_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    worker TEXT NOT NULL DEFAULT '',
    "commit" TEXT NOT NULL DEFAULT '',
    document TEXT,
    error TEXT NOT NULL DEFAULT '',
    phases TEXT NOT NULL DEFAULT '{}',
    log TEXT NOT NULL DEFAULT '',
    CHECK ((state = 'graded') = (document IS NOT NULL)),
    CHECK ((state = 'error') = (error <> '')),
    CHECK ((state IN ('graded', 'error')) = (ended_at IS NOT NULL)),
    CHECK (state <> 'running' OR started_at IS NOT NULL)
) STRICT;
CREATE INDEX attempt_of_student ON attempt (student, number);
CREATE INDEX attempt_in_state ON attempt (state) WHERE state IN ('queued', 'running');
CREATE UNIQUE INDEX one_open_attempt ON attempt (student) WHERE state IN ('queued', 'running');
CREATE TABLE override (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    student TEXT NOT NULL REFERENCES student (id),
    module TEXT NOT NULL,
    score INTEGER,
    reason TEXT NOT NULL CHECK (reason <> ''),
    author TEXT NOT NULL CHECK (author <> ''),
    at TEXT NOT NULL
) STRICT;
CREATE TRIGGER ended_attempts_stay BEFORE UPDATE ON attempt WHEN OLD.state IN ('graded', 'error')
BEGIN SELECT RAISE(ABORT, 'an attempt that has ended is never changed'); END;
CREATE TRIGGER attempts_stay BEFORE DELETE ON attempt BEGIN SELECT RAISE(ABORT, 'attempts are never deleted'); END;
CREATE TRIGGER overrides_stay BEFORE UPDATE ON override BEGIN SELECT RAISE(ABORT, 'overrides are never changed'); END;
CREATE TRIGGER no_override_goes BEFORE DELETE ON override BEGIN SELECT RAISE(ABORT, 'overrides are never deleted'); END;

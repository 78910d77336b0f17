"""The tables of the vault, as one script for each version of the schema."""

from __future__ import annotations

from typing import Final

__all__ = ["HEADS_SINCE", "MIGRATIONS"]

HEADS_SINCE: Final = 6
"""The version of the schema since which a vault has state heads."""
MIGRATIONS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE credentials (
        id TEXT PRIMARY KEY,
        document BLOB NOT NULL,
        format TEXT NOT NULL,
        issuer TEXT NOT NULL,
        subject TEXT,
        types TEXT NOT NULL,
        valid_from TEXT,
        valid_until TEXT,
        verified INTEGER NOT NULL,
        added TEXT NOT NULL
    ) STRICT;
    CREATE TABLE statements (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL,
        weight REAL NOT NULL CHECK (weight BETWEEN -1 AND 1),
        source TEXT NOT NULL,
        sensitivity TEXT NOT NULL CHECK (sensitivity IN ('public', 'private', 'secret')),
        created TEXT NOT NULL,
        valid_from TEXT NOT NULL,
        valid_to TEXT
    ) STRICT;
    CREATE UNIQUE INDEX statement_once ON statements (text, source) WHERE valid_to IS NULL;
    CREATE TABLE vectors (
        statement INTEGER NOT NULL REFERENCES statements (number) ON DELETE CASCADE,
        fingerprint TEXT NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (statement, fingerprint)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE grants (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        origin TEXT NOT NULL,
        level TEXT NOT NULL,
        created TEXT NOT NULL,
        expires TEXT NOT NULL,
        revoked TEXT
    ) STRICT;
    CREATE TABLE disclosures (
        number INTEGER PRIMARY KEY,
        entry BLOB NOT NULL,
        digest BLOB NOT NULL
    ) STRICT;
    """,
    """
    ALTER TABLE credentials ADD COLUMN standing TEXT;
    ALTER TABLE credentials ADD COLUMN checked TEXT;
    CREATE TABLE status_lists (
        name TEXT PRIMARY KEY,
        purpose TEXT NOT NULL CHECK (purpose IN ('revocation', 'suspension')),
        kind TEXT NOT NULL CHECK (kind IN ('w3c', 'token')),
        url TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL CHECK (size >= 131072),
        bits INTEGER NOT NULL CHECK (bits IN (1, 2, 4, 8)),
        issuer TEXT NOT NULL,
        created TEXT NOT NULL
    ) STRICT;
    CREATE TABLE status_entries (
        list TEXT NOT NULL REFERENCES status_lists (name),
        idx INTEGER NOT NULL CHECK (idx >= 0),
        credential_id TEXT NOT NULL,
        status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 255),
        changed TEXT NOT NULL,
        PRIMARY KEY (list, idx)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX status_entry_once ON status_entries (credential_id, list);
    CREATE TABLE status_cache (
        url TEXT PRIMARY KEY,
        body BLOB NOT NULL,
        media_type TEXT NOT NULL,
        fetched TEXT NOT NULL,
        fresh_until TEXT NOT NULL
    ) STRICT;
    CREATE TABLE trusted_issuers (
        did TEXT NOT NULL,
        type TEXT NOT NULL,
        added TEXT NOT NULL,
        PRIMARY KEY (did, type)
    ) STRICT, WITHOUT ROWID;
    """,
    # The tables are made anew: a list after IN in a check costs a temporary table for each row, and in a
    # table without rowids each vector takes an overflow page of its own.
    """
    CREATE TABLE new_statements (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL,
        identity BLOB NOT NULL,
        weight REAL NOT NULL CHECK (weight BETWEEN -1 AND 1),
        source TEXT NOT NULL,
        sensitivity TEXT NOT NULL
            CHECK (sensitivity = 'public' OR sensitivity = 'private' OR sensitivity = 'secret'),
        kind TEXT NOT NULL CHECK (kind = 'opinion' OR kind = 'fact' AND weight = 0),
        created TEXT NOT NULL,
        valid_from TEXT NOT NULL,
        valid_to TEXT,
        superseded_by INTEGER REFERENCES new_statements (number) ON DELETE SET NULL,
        secret_since TEXT
    ) STRICT;
    CREATE TABLE new_vectors (
        statement INTEGER NOT NULL REFERENCES new_statements (number) ON DELETE CASCADE,
        fingerprint TEXT NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (statement, fingerprint)
    ) STRICT;
    INSERT INTO new_statements
        (number, text, identity, weight, source, sensitivity, kind, created, valid_from, valid_to,
            secret_since)
        SELECT number, text, text_identity(text), weight,
            CASE source WHEN 'import' THEN 'csv' ELSE source END, sensitivity, 'opinion', created, valid_from,
            valid_to, CASE sensitivity WHEN 'secret' THEN created END FROM statements;
    INSERT INTO new_vectors SELECT statement, fingerprint, vector FROM vectors ORDER BY statement;
    DELETE FROM sqlite_sequence WHERE name = 'new_statements';
    INSERT INTO sqlite_sequence (name, seq)
        SELECT 'new_statements', seq FROM sqlite_sequence WHERE name = 'statements';
    DROP TABLE vectors;
    DROP TABLE statements;
    ALTER TABLE new_statements RENAME TO statements;
    ALTER TABLE new_vectors RENAME TO vectors;
    CREATE INDEX statement_alike ON statements (identity, source, number) WHERE valid_to IS NULL;
    UPDATE statements SET (valid_to, superseded_by) = (
        SELECT later.valid_from, later.number FROM statements AS later
        WHERE later.valid_to IS NULL AND later.identity = statements.identity
        AND later.source = statements.source ORDER BY later.number DESC LIMIT 1
    ) WHERE valid_to IS NULL AND EXISTS (
        SELECT 1 FROM statements AS later
        WHERE later.valid_to IS NULL AND later.identity = statements.identity
        AND later.source = statements.source AND later.number > statements.number
    );
    DROP INDEX statement_alike;
    CREATE UNIQUE INDEX statement_once ON statements
        (identity, source, kind, (weight > 0) - (weight < 0)) WHERE valid_to IS NULL;
    CREATE INDEX statement_replaced ON statements (superseded_by) WHERE superseded_by IS NOT NULL;
    CREATE TABLE settings (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT;
    CREATE TABLE topics (
        label TEXT PRIMARY KEY,
        meaning TEXT NOT NULL,
        added TEXT NOT NULL
    ) STRICT;
    CREATE TABLE rankings (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        time TEXT NOT NULL,
        candidates TEXT NOT NULL
    ) STRICT;
    CREATE TABLE accepted_contradictions (
        a INTEGER NOT NULL REFERENCES statements (number) ON DELETE CASCADE,
        b INTEGER NOT NULL REFERENCES statements (number) ON DELETE CASCADE,
        accepted TEXT NOT NULL,
        PRIMARY KEY (a, b),
        CHECK (a < b)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX accepted_contradiction_of ON accepted_contradictions (b);
    CREATE TABLE tastes (
        fingerprint TEXT NOT NULL,
        secrets INTEGER NOT NULL CHECK (secrets IN (0, 1)),
        last INTEGER NOT NULL,
        landmarks TEXT NOT NULL,
        sums BLOB NOT NULL,
        PRIMARY KEY (fingerprint, secrets)
    ) STRICT;
    CREATE TRIGGER statement_changed AFTER UPDATE
        OF text, weight, sensitivity, kind, valid_from, valid_to ON statements
        BEGIN DELETE FROM tastes
            WHERE secrets OR old.sensitivity <> 'secret' OR new.sensitivity <> 'secret'; END;
    CREATE TRIGGER statement_gone AFTER DELETE ON statements
        BEGIN DELETE FROM tastes WHERE secrets OR old.sensitivity <> 'secret'; END;
    CREATE TRIGGER vector_gone AFTER DELETE ON vectors
        BEGIN DELETE FROM tastes WHERE fingerprint = old.fingerprint AND (secrets OR EXISTS (
            SELECT 1 FROM statements WHERE number = old.statement AND sensitivity <> 'secret')); END;
    INSERT INTO settings SELECT 'erasing', 'due' FROM sqlite_sequence WHERE name = 'statements';
    """,
    # A row of `answers` is what a budget was charged: it is never deleted, and nothing in it changes but its
    # content, which can only go. The bound on an epsilon keeps any sum of them within 64 bits.
    """
    ALTER TABLE grants RENAME COLUMN origin TO party;
    ALTER TABLE grants ADD COLUMN topics TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE grants ADD COLUMN per_day INTEGER CHECK (per_day BETWEEN 0 AND 1000000);
    ALTER TABLE grants ADD COLUMN epsilon INTEGER CHECK (epsilon BETWEEN 0 AND 1000000);
    ALTER TABLE grants ADD COLUMN unsigned INTEGER NOT NULL DEFAULT 0 CHECK (unsigned BETWEEN 0 AND 1);
    UPDATE grants SET unsigned = 1;
    CREATE TABLE answers (
        number INTEGER PRIMARY KEY CHECK (number > 0),
        party TEXT NOT NULL,
        nonce TEXT NOT NULL,
        question BLOB NOT NULL,
        level TEXT NOT NULL
            CHECK (level = 'topics' OR level = 'choose' OR level = 'bands' OR level = 'statements'),
        purpose TEXT NOT NULL,
        content TEXT,
        epsilon INTEGER NOT NULL CHECK (epsilon BETWEEN 0 AND 1000000),
        grant_number INTEGER,
        time TEXT NOT NULL,
        candidates BLOB NOT NULL CHECK (length(candidates) % 8 = 0),
        UNIQUE (party, nonce)
    ) STRICT;
    CREATE INDEX answer_at ON answers (time);
    CREATE INDEX answer_stored ON answers (party, question, number) WHERE content IS NOT NULL;
    CREATE TRIGGER answer_in_order BEFORE INSERT ON answers
        WHEN new.time < (SELECT max(time) FROM answers)
        BEGIN SELECT RAISE(ABORT, 'an answer is not before the one before it'); END;
    CREATE TRIGGER answer_stays BEFORE DELETE ON answers
        BEGIN SELECT RAISE(ABORT, 'what was answered is not taken back'); END;
    CREATE TRIGGER answer_is_fixed BEFORE UPDATE ON answers WHEN new.content IS NOT NULL OR
        (new.number, new.party, new.nonce, new.question, new.level, new.purpose, new.epsilon,
            new.grant_number, new.time, new.candidates) IS NOT
        (old.number, old.party, old.nonce, old.question, old.level, old.purpose, old.epsilon,
            old.grant_number, old.time, old.candidates)
        BEGIN SELECT RAISE(ABORT, 'what was answered is not changed'); END;
    CREATE TRIGGER answered_statement_gone AFTER DELETE ON statements
        WHEN old.sensitivity <> 'secret'
        BEGIN UPDATE answers SET content = NULL WHERE content IS NOT NULL; END;
    CREATE TRIGGER answered_statement_withdrawn AFTER UPDATE OF text, sensitivity, superseded_by ON statements
        WHEN old.sensitivity <> 'secret' AND (new.text <> old.text OR new.sensitivity = 'secret'
            OR new.superseded_by IS NOT old.superseded_by AND EXISTS (SELECT 1 FROM statements
                WHERE number = new.superseded_by AND sensitivity = 'secret'))
        BEGIN UPDATE answers SET content = NULL WHERE content IS NOT NULL; END;
    CREATE TABLE topic_access (
        topic TEXT PRIMARY KEY,
        open INTEGER NOT NULL CHECK (open BETWEEN 0 AND 1)
    ) STRICT;
    CREATE TABLE log_head (
        one INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
        count INTEGER NOT NULL CHECK (count >= 0),
        digest TEXT NOT NULL,
        signature BLOB NOT NULL
    ) STRICT;
    CREATE TABLE receipts (
        number INTEGER PRIMARY KEY CHECK (number > 0),
        receipt TEXT NOT NULL,
        countersigned TEXT
    ) STRICT;
    """,
    # What is embedded beside statements: the published topics, the owner's own, purposes that say nothing.
    """
    CREATE TABLE text_vectors (
        fingerprint TEXT NOT NULL,
        text TEXT NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (fingerprint, text)
    ) STRICT;
    CREATE TRIGGER topic_gone AFTER DELETE ON topics
        BEGIN DELETE FROM text_vectors WHERE text = old.meaning; END;
    ALTER TABLE tastes RENAME COLUMN landmarks TO inducing_points;
    """,
    # The state heads cover what the head of the log covered. A vector names the text that it was made of.
    """
    CREATE TABLE state_heads (
        counter INTEGER PRIMARY KEY CHECK (counter > 0),
        head BLOB NOT NULL,
        mac BLOB NOT NULL
    ) STRICT;
    DROP TABLE log_head;
    ALTER TABLE vectors ADD COLUMN identity BLOB;
    UPDATE vectors SET identity = (SELECT identity FROM statements WHERE number = statement);
    """,
    # Answers come from the owner or from a private summary, and none is kept to be repeated. What is drawn
    # for a summary is charged for good, as an answer was.
    """
    DROP TRIGGER answered_statement_gone;
    DROP TRIGGER answered_statement_withdrawn;
    DROP INDEX answer_at;
    DROP INDEX answer_stored;
    CREATE TABLE new_answers (
        number INTEGER PRIMARY KEY CHECK (number > 0),
        party TEXT NOT NULL,
        nonce TEXT NOT NULL,
        question BLOB NOT NULL,
        level TEXT NOT NULL,
        purpose TEXT NOT NULL,
        method TEXT NOT NULL,
        bits REAL NOT NULL CHECK (bits >= 0),
        epsilon INTEGER NOT NULL CHECK (epsilon BETWEEN 0 AND 1000000),
        grant_number INTEGER,
        time TEXT NOT NULL,
        candidates BLOB NOT NULL CHECK (length(candidates) % 8 = 0),
        UNIQUE (party, nonce)
    ) STRICT;
    INSERT INTO new_answers
        (number, party, nonce, question, level, purpose, method, bits, epsilon, grant_number, time,
        candidates) SELECT number, party, nonce, question, level, purpose, '', 0, epsilon, grant_number, time,
        candidates FROM answers ORDER BY number;
    DROP TABLE answers;
    ALTER TABLE new_answers RENAME TO answers;
    CREATE INDEX answer_at ON answers (time);
    CREATE TRIGGER answer_in_order BEFORE INSERT ON answers
        WHEN new.time < (SELECT max(time) FROM answers)
        BEGIN SELECT RAISE(ABORT, 'an answer is not before the one before it'); END;
    CREATE TRIGGER answer_stays BEFORE DELETE ON answers
        BEGIN SELECT RAISE(ABORT, 'what was answered is not taken back'); END;
    CREATE TRIGGER answer_is_fixed BEFORE UPDATE ON answers
        BEGIN SELECT RAISE(ABORT, 'what was answered is not changed'); END;
    CREATE TABLE transcript (
        answer INTEGER PRIMARY KEY REFERENCES answers (number),
        fingerprint TEXT NOT NULL,
        vectors BLOB NOT NULL,
        tiers TEXT NOT NULL,
        rest INTEGER NOT NULL,
        offered INTEGER NOT NULL,
        edited INTEGER NOT NULL CHECK (edited BETWEEN 0 AND 1),
        verbatim INTEGER NOT NULL CHECK (verbatim BETWEEN 0 AND 1)
    ) STRICT;
    CREATE TRIGGER told_statement_gone AFTER DELETE ON statements
        WHEN old.sensitivity <> 'secret'
        BEGIN DELETE FROM transcript WHERE verbatim; END;
    CREATE TRIGGER told_statement_withdrawn AFTER UPDATE OF text, sensitivity, superseded_by ON statements
        WHEN old.sensitivity <> 'secret' AND (new.text <> old.text OR new.sensitivity = 'secret'
            OR new.superseded_by IS NOT old.superseded_by AND EXISTS (SELECT 1 FROM statements
                WHERE number = new.superseded_by AND sensitivity = 'secret'))
        BEGIN DELETE FROM transcript WHERE verbatim; END;
    CREATE TABLE readings (
        party TEXT PRIMARY KEY,
        rho REAL NOT NULL,
        share REAL NOT NULL
    ) STRICT;
    CREATE TABLE summaries (
        number INTEGER PRIMARY KEY CHECK (number > 0),
        window TEXT NOT NULL,
        drawn TEXT NOT NULL,
        cost INTEGER NOT NULL CHECK (cost BETWEEN 0 AND 1000000),
        epsilon INTEGER NOT NULL CHECK (epsilon > 0),
        topics TEXT NOT NULL,
        counts TEXT NOT NULL,
        parties TEXT NOT NULL,
        closed TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER summary_stays BEFORE DELETE ON summaries WHEN old.cost > 0
        BEGIN SELECT RAISE(ABORT, 'what was drawn is not taken back'); END;
    CREATE TRIGGER summary_cost_stays BEFORE UPDATE ON summaries
        WHEN (new.number, new.window, new.drawn, new.cost, new.epsilon, new.topics) IS NOT
            (old.number, old.window, old.drawn, old.cost, old.epsilon, old.topics)
        BEGIN SELECT RAISE(ABORT, 'what was drawn is not changed'); END;
    ALTER TABLE grants ADD COLUMN exact INTEGER NOT NULL DEFAULT 0 CHECK (exact BETWEEN 0 AND 1);
    ALTER TABLE grants ADD COLUMN cap INTEGER CHECK (cap BETWEEN 1 AND 1000000);
    UPDATE grants SET exact = 1, cap = 260 WHERE level = 'topics';
    ALTER TABLE grants DROP COLUMN epsilon;
    INSERT INTO settings SELECT 'limit-year', '0' WHERE EXISTS (SELECT 1 FROM settings
        WHERE name = 'budget-overall' AND value = '0' OR name = 'budget-application' AND value = '0')
        OR EXISTS (SELECT 1 FROM answers WHERE party = 'log');
    DELETE FROM settings
        WHERE name = 'budget-answer' OR name = 'budget-application' OR name = 'budget-overall';
    INSERT INTO settings SELECT 'told-of-summaries', 'due'
        WHERE EXISTS (SELECT 1 FROM answers) OR EXISTS (SELECT 1 FROM grants);
    """,
    # Evidence beside a receipt: the request that offered terms, the withdrawal, the application's reply.
    """
    ALTER TABLE receipts ADD COLUMN request TEXT;
    ALTER TABLE receipts ADD COLUMN withdrawal TEXT;
    ALTER TABLE receipts ADD COLUMN reply TEXT;
    """,
    # Trust anchors: an authority's certificate is trusted for verifiers, issuers or status lists.
    """
    CREATE TABLE trusted_authorities (
        fingerprint TEXT NOT NULL,
        purpose TEXT NOT NULL,
        certificate BLOB NOT NULL,
        added TEXT NOT NULL,
        PRIMARY KEY (fingerprint, purpose)
    ) STRICT;
    """,
)
"""A statement ends with a semicolon at the end of its line: a trigger has others inside it."""

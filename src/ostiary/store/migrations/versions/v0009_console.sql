-- Sessions of the console, sign-ins that failed: the tables as they were made first. Once released, never change this file: add a revision.

CREATE TABLE console_sessions (
    id VARCHAR(64) NOT NULL,
    account VARCHAR(12) NOT NULL,
    principal_id VARCHAR(32) NOT NULL,
    token TEXT NOT NULL,
    mark VARCHAR(64) NOT NULL,
    created INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    source_ip VARCHAR(45) NOT NULL,
    user_agent TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE INDEX ix_console_sessions_principal_id ON console_sessions (principal_id);

CREATE TABLE sign_in_failures (
    subject VARCHAR(200) NOT NULL,
    count INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    PRIMARY KEY (subject)
);

CREATE INDEX ix_sign_in_failures_latest ON sign_in_failures (latest);

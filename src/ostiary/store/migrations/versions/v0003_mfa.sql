-- MFA devices and password policies: the tables as they were made first. Once released, never change this file: add a revision.

CREATE TABLE mfa_devices (
    id VARCHAR(32) NOT NULL,
    serial VARCHAR(256) NOT NULL,
    account VARCHAR(12) NOT NULL,
    kind VARCHAR(8) NOT NULL,
    created INTEGER NOT NULL,
    owner_id VARCHAR(32),
    enabled INTEGER,
    seed BLOB,
    period INTEGER NOT NULL,
    drift INTEGER NOT NULL,
    used INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    credential_id BLOB,
    facts TEXT,
    PRIMARY KEY (id),
    UNIQUE (serial),
    FOREIGN KEY(account) REFERENCES accounts (id),
    UNIQUE (credential_id)
);

CREATE INDEX ix_mfa_devices_account ON mfa_devices (account);

CREATE INDEX ix_mfa_devices_owner_id ON mfa_devices (owner_id);

CREATE TABLE password_policies (
    account VARCHAR(12) NOT NULL,
    minimum_length INTEGER NOT NULL,
    symbols BOOLEAN NOT NULL,
    numbers BOOLEAN NOT NULL,
    uppercase BOOLEAN NOT NULL,
    lowercase BOOLEAN NOT NULL,
    users_may_change BOOLEAN NOT NULL,
    max_age INTEGER NOT NULL,
    reuse_prevention INTEGER NOT NULL,
    hard_expiry BOOLEAN,
    PRIMARY KEY (account),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE passwords_set (
    sequence INTEGER NOT NULL,
    user_id VARCHAR(32) NOT NULL,
    password TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (sequence),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE INDEX ix_passwords_set_user_id ON passwords_set (user_id);

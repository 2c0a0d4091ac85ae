-- Signing certificates, SSH keys, server certificates and service-specific credentials: the tables as they were made first. Once released, never change this file: add a revision.

CREATE TABLE signing_certificates (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    owner_id VARCHAR(32) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    body TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (account, fingerprint),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE INDEX ix_signing_certificates_owner_id ON signing_certificates (owner_id);

CREATE TABLE ssh_public_keys (
    id VARCHAR(32) NOT NULL,
    owner_id VARCHAR(32) NOT NULL,
    fingerprint VARCHAR(48) NOT NULL,
    body TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (owner_id, fingerprint),
    FOREIGN KEY(owner_id) REFERENCES users (id)
);

CREATE TABLE server_certificates (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    name VARCHAR(128) NOT NULL,
    name_key VARCHAR(128) NOT NULL,
    path VARCHAR(512) NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL,
    chain TEXT,
    private_key BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (account, name_key),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE service_credentials (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    owner_id VARCHAR(32) NOT NULL,
    service VARCHAR(64) NOT NULL,
    login VARCHAR(200) NOT NULL,
    digest BLOB NOT NULL,
    active BOOLEAN NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    PRIMARY KEY (id),
    UNIQUE (service, login),
    FOREIGN KEY(account) REFERENCES accounts (id),
    FOREIGN KEY(owner_id) REFERENCES users (id)
);

CREATE INDEX ix_service_credentials_owner_id ON service_credentials (owner_id);

-- The last use of an access key tells the client too.

CREATE TABLE kept_uses AS SELECT key_id, at, service, region FROM access_key_uses;

DROP TABLE access_key_uses;

CREATE TABLE access_key_uses (
    key_id VARCHAR(128) NOT NULL,
    at INTEGER NOT NULL,
    service VARCHAR(64) NOT NULL,
    region VARCHAR(64) NOT NULL,
    user_agent TEXT NOT NULL,
    source_ip VARCHAR(45) NOT NULL,
    PRIMARY KEY (key_id)
);

INSERT INTO access_key_uses SELECT key_id, at, service, region, '', '' FROM kept_uses;

DROP TABLE kept_uses;

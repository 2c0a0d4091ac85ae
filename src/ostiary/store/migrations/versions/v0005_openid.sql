-- OpenID Connect providers and our own issuer's keys: the tables as they were made first. Once released, never change this file: add a revision.

CREATE TABLE openid_providers (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    name VARCHAR(255) NOT NULL,
    name_key VARCHAR(255) NOT NULL,
    client_ids TEXT NOT NULL,
    thumbprints TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (account, name_key),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE outbound_federations (
    account VARCHAR(12) NOT NULL,
    issuer_id VARCHAR(36) NOT NULL,
    enabled BOOLEAN NOT NULL,
    PRIMARY KEY (account),
    FOREIGN KEY(account) REFERENCES accounts (id),
    UNIQUE (issuer_id)
);

CREATE TABLE issuer_keys (
    account VARCHAR(12) NOT NULL,
    kid VARCHAR(32) NOT NULL,
    algorithm VARCHAR(8) NOT NULL,
    number INTEGER NOT NULL,
    public TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (account, kid),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

-- SAML providers and the assertions seen: the tables as they were made first. Once released, never change this file: add a revision.

CREATE TABLE saml_providers (
    id VARCHAR(64) NOT NULL,
    account VARCHAR(12) NOT NULL,
    name VARCHAR(128) NOT NULL,
    name_key VARCHAR(128) NOT NULL,
    document TEXT NOT NULL,
    encryption VARCHAR(16),
    created INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (account, name_key),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE saml_keys (
    id VARCHAR(64) NOT NULL,
    provider_id VARCHAR(64) NOT NULL,
    sealed BLOB NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(provider_id) REFERENCES saml_providers (id)
);

CREATE INDEX ix_saml_keys_provider_id ON saml_keys (provider_id);

CREATE TABLE saml_redemptions (
    id VARCHAR(64) NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX ix_saml_redemptions_until ON saml_redemptions (until);

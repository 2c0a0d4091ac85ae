-- The tables of the first release, as they were. Never change this file: add a revision.

CREATE TABLE accounts (
    id VARCHAR(12) NOT NULL,
    name VARCHAR(64) NOT NULL,
    email VARCHAR(254) NOT NULL,
    created INTEGER NOT NULL,
    canonical_id VARCHAR(64) NOT NULL,
    alias VARCHAR(63),
    data_key BLOB NOT NULL,
    root_password TEXT,
    management BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (email),
    UNIQUE (canonical_id),
    UNIQUE (alias)
);

CREATE TABLE inline_policies (
    owner_id VARCHAR(32) NOT NULL,
    name VARCHAR(128) NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
);

CREATE TABLE tags (
    owner_id VARCHAR(64) NOT NULL,
    folded VARCHAR(128) NOT NULL,
    "key" VARCHAR(128) NOT NULL,
    value VARCHAR(256) NOT NULL,
    PRIMARY KEY (owner_id, folded)
);

CREATE TABLE access_key_uses (
    key_id VARCHAR(128) NOT NULL,
    at INTEGER NOT NULL,
    service VARCHAR(64) NOT NULL,
    region VARCHAR(64) NOT NULL,
    PRIMARY KEY (key_id)
);

CREATE TABLE settings (
    name VARCHAR(128) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE events (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    request_id VARCHAR(36) NOT NULL,
    account VARCHAR(12),
    at INTEGER NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX ix_events_request_id ON events (request_id);

CREATE INDEX events_by_account ON events (account, at);

CREATE TABLE documents (
    hash VARCHAR(64) NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (hash)
);

CREATE TABLE changes (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    entity VARCHAR(2048) NOT NULL
);

CREATE TABLE users (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    name VARCHAR(128) NOT NULL,
    name_key VARCHAR(128) NOT NULL,
    path VARCHAR(512) NOT NULL,
    created INTEGER NOT NULL,
    boundary TEXT,
    password_used INTEGER,
    PRIMARY KEY (id),
    UNIQUE (account, name_key),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE groups (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    name VARCHAR(128) NOT NULL,
    name_key VARCHAR(128) NOT NULL,
    path VARCHAR(512) NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (account, name_key),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE roles (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    name VARCHAR(128) NOT NULL,
    name_key VARCHAR(128) NOT NULL,
    path VARCHAR(512) NOT NULL,
    created INTEGER NOT NULL,
    trust TEXT NOT NULL,
    description TEXT,
    max_session INTEGER NOT NULL,
    boundary TEXT,
    used INTEGER,
    used_region VARCHAR(32),
    PRIMARY KEY (id),
    UNIQUE (account, name_key),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE policies (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    name VARCHAR(128) NOT NULL,
    name_key VARCHAR(128) NOT NULL,
    path VARCHAR(512) NOT NULL,
    created INTEGER NOT NULL,
    description TEXT,
    updated INTEGER NOT NULL,
    default_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (account, name_key),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE attachments (
    owner_id VARCHAR(32) NOT NULL,
    policy_arn VARCHAR(2048) NOT NULL,
    account VARCHAR(12) NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (owner_id, policy_arn),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE INDEX attachments_by_policy ON attachments (policy_arn, account);

CREATE TABLE access_keys (
    id VARCHAR(128) NOT NULL,
    account VARCHAR(12) NOT NULL,
    owner_id VARCHAR(32) NOT NULL,
    secret BLOB NOT NULL,
    active BOOLEAN NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE INDEX ix_access_keys_owner_id ON access_keys (owner_id);

CREATE TABLE buckets (
    name VARCHAR(63) NOT NULL,
    account VARCHAR(12) NOT NULL,
    region VARCHAR(64) NOT NULL,
    created INTEGER NOT NULL,
    policy TEXT,
    PRIMARY KEY (name),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE INDEX ix_buckets_account ON buckets (account);

CREATE TABLE instances (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    state VARCHAR(16) NOT NULL,
    launched INTEGER NOT NULL,
    ended INTEGER,
    facts TEXT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE INDEX ix_instances_account ON instances (account);

CREATE TABLE login_profiles (
    user_id VARCHAR(32) NOT NULL,
    password TEXT NOT NULL,
    created INTEGER NOT NULL,
    reset_required BOOLEAN NOT NULL,
    PRIMARY KEY (user_id),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE memberships (
    user_id VARCHAR(32) NOT NULL,
    group_id VARCHAR(32) NOT NULL,
    PRIMARY KEY (user_id, group_id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    FOREIGN KEY(group_id) REFERENCES groups (id)
);

CREATE INDEX ix_memberships_group_id ON memberships (group_id);

CREATE TABLE instance_profiles (
    id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    name VARCHAR(128) NOT NULL,
    name_key VARCHAR(128) NOT NULL,
    path VARCHAR(512) NOT NULL,
    created INTEGER NOT NULL,
    role_id VARCHAR(32),
    PRIMARY KEY (id),
    UNIQUE (account, name_key),
    FOREIGN KEY(account) REFERENCES accounts (id),
    FOREIGN KEY(role_id) REFERENCES roles (id)
);

CREATE INDEX ix_instance_profiles_role_id ON instance_profiles (role_id);

CREATE TABLE policy_versions (
    policy_id VARCHAR(32) NOT NULL,
    number INTEGER NOT NULL,
    document TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (policy_id, number),
    FOREIGN KEY(policy_id) REFERENCES policies (id)
);

CREATE TABLE profile_associations (
    id VARCHAR(64) NOT NULL,
    instance_id VARCHAR(32) NOT NULL,
    account VARCHAR(12) NOT NULL,
    profile_id VARCHAR(32) NOT NULL,
    state VARCHAR(16) NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(instance_id) REFERENCES instances (id),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE INDEX ix_profile_associations_instance_id ON profile_associations (instance_id);

-- Delegation, service-linked roles, account properties: the tables as they were made first. Once released, never change this file: add a revision.

CREATE TABLE delegation_requests (
    id VARCHAR(128) NOT NULL,
    requestor VARCHAR(12) NOT NULL,
    workflow_id VARCHAR(400) NOT NULL,
    state VARCHAR(16) NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    owner_account VARCHAR(12),
    owner_id VARCHAR(2048),
    approver_id VARCHAR(2048),
    approver TEXT,
    session_seconds INTEGER NOT NULL,
    policy TEXT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (requestor, workflow_id),
    FOREIGN KEY(requestor) REFERENCES accounts (id),
    FOREIGN KEY(owner_account) REFERENCES accounts (id)
);

CREATE INDEX ix_delegation_requests_owner_account ON delegation_requests (owner_account);

CREATE TABLE role_template_versions (
    arn VARCHAR(2048) NOT NULL,
    minor INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    is_default BOOLEAN NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (arn, minor)
);

CREATE TABLE role_sources (
    role_id VARCHAR(32) NOT NULL,
    template_arn VARCHAR(2048) NOT NULL,
    minor INTEGER NOT NULL,
    PRIMARY KEY (role_id),
    FOREIGN KEY(role_id) REFERENCES roles (id)
);

CREATE TABLE service_linked_role_deletions (
    id VARCHAR(1000) NOT NULL,
    account VARCHAR(12) NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE account_properties (
    account VARCHAR(12) NOT NULL,
    name VARCHAR(50) NOT NULL,
    value VARCHAR(1024) NOT NULL,
    PRIMARY KEY (account, name),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE trusted_services (
    organization_id VARCHAR(34) NOT NULL,
    service VARCHAR(128) NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, service),
    FOREIGN KEY(organization_id) REFERENCES organizations (id)
);

CREATE TABLE delegated_administrators (
    organization_id VARCHAR(34) NOT NULL,
    account VARCHAR(12) NOT NULL,
    service VARCHAR(128) NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, account, service),
    FOREIGN KEY(organization_id) REFERENCES organizations (id),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE TABLE root_access_features (
    organization_id VARCHAR(34) NOT NULL,
    feature VARCHAR(32) NOT NULL,
    PRIMARY KEY (organization_id, feature),
    FOREIGN KEY(organization_id) REFERENCES organizations (id)
);

UPDATE tags SET folded = "key" WHERE substr(owner_id, 1, 4) NOT IN ('AIDA', 'AROA');

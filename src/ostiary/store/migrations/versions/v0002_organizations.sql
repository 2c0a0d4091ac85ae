-- The tables of organizations, as they were made first. Never change this file: add a revision.

CREATE TABLE organizations (
    id VARCHAR(34) NOT NULL,
    root_id VARCHAR(34) NOT NULL,
    management_account VARCHAR(12) NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (root_id),
    UNIQUE (management_account),
    FOREIGN KEY(management_account) REFERENCES accounts (id)
);

CREATE TABLE organizational_units (
    id VARCHAR(68) NOT NULL,
    organization_id VARCHAR(34) NOT NULL,
    parent_id VARCHAR(68) NOT NULL,
    name VARCHAR(128) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (parent_id, name),
    FOREIGN KEY(organization_id) REFERENCES organizations (id)
);

CREATE INDEX ix_organizational_units_organization_id ON organizational_units (organization_id);

CREATE TABLE organization_members (
    account VARCHAR(12) NOT NULL,
    organization_id VARCHAR(34) NOT NULL,
    parent_id VARCHAR(68) NOT NULL,
    joined INTEGER NOT NULL,
    PRIMARY KEY (account),
    FOREIGN KEY(account) REFERENCES accounts (id),
    FOREIGN KEY(organization_id) REFERENCES organizations (id)
);

CREATE INDEX ix_organization_members_organization_id ON organization_members (organization_id);

CREATE INDEX ix_organization_members_parent_id ON organization_members (parent_id);

CREATE TABLE organization_policy_types (
    organization_id VARCHAR(34) NOT NULL,
    type VARCHAR(64) NOT NULL,
    PRIMARY KEY (organization_id, type),
    FOREIGN KEY(organization_id) REFERENCES organizations (id)
);

CREATE TABLE organization_policies (
    id VARCHAR(130) NOT NULL,
    organization_id VARCHAR(34) NOT NULL,
    type VARCHAR(64) NOT NULL,
    name VARCHAR(128) NOT NULL,
    description TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (organization_id, type, name),
    FOREIGN KEY(organization_id) REFERENCES organizations (id)
);

CREATE TABLE organization_attachments (
    target_id VARCHAR(68) NOT NULL,
    policy_id VARCHAR(130) NOT NULL,
    organization_id VARCHAR(34) NOT NULL,
    type VARCHAR(64) NOT NULL,
    PRIMARY KEY (target_id, policy_id),
    FOREIGN KEY(organization_id) REFERENCES organizations (id)
);

CREATE INDEX organization_attachments_by_policy ON organization_attachments (organization_id, policy_id);

CREATE TABLE account_creations (
    id VARCHAR(36) NOT NULL,
    organization_id VARCHAR(34) NOT NULL,
    name VARCHAR(64) NOT NULL,
    state VARCHAR(16) NOT NULL,
    at INTEGER NOT NULL,
    account VARCHAR(12),
    failure VARCHAR(64),
    PRIMARY KEY (id),
    FOREIGN KEY(organization_id) REFERENCES organizations (id)
);

CREATE INDEX ix_account_creations_organization_id ON account_creations (organization_id);

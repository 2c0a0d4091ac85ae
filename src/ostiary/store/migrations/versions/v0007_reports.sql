-- Reports: the tables as they were made first. Once released, never change this file: add a revision.

CREATE TABLE service_accesses (
    principal_id VARCHAR(32) NOT NULL,
    service VARCHAR(64) NOT NULL,
    action VARCHAR(128) NOT NULL,
    account VARCHAR(12) NOT NULL,
    at INTEGER NOT NULL,
    region VARCHAR(64) NOT NULL,
    PRIMARY KEY (principal_id, service, action)
);

CREATE INDEX service_accesses_by_account ON service_accesses (account, service);

CREATE TABLE report_jobs (
    id VARCHAR(36) NOT NULL,
    account VARCHAR(12) NOT NULL,
    owner_id VARCHAR(32) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    question TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

CREATE INDEX ix_report_jobs_created ON report_jobs (created);

CREATE TABLE credential_reports (
    account VARCHAR(12) NOT NULL,
    requested INTEGER NOT NULL,
    PRIMARY KEY (account),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

-- What the record has already is counted once; from now on it is counted as it is written.
INSERT INTO service_accesses (principal_id, service, action, account, at, region)
SELECT
    COALESCE(
        json_extract(body, '$.userIdentity.sessionContext.sessionIssuer.principalId'),
        json_extract(body, '$.userIdentity.principalId')
    ) AS principal,
    substr(json_extract(ask.value, '$.action'), 1, instr(json_extract(ask.value, '$.action'), ':') - 1),
    substr(json_extract(ask.value, '$.action'), instr(json_extract(ask.value, '$.action'), ':') + 1),
    json_extract(body, '$.userIdentity.accountId'),
    MAX(at),
    json_extract(body, '$.awsRegion')
FROM events, json_each(body, '$.ostiary.asks') AS ask
WHERE json_extract(body, '$.userIdentity.type') IN ('Root', 'IAMUser', 'AssumedRole', 'FederatedUser')
GROUP BY 1, 2, 3;

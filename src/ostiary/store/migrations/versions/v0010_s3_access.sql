-- Ownership, ACLs and public access of S3: the tables as they were made first. Once released, never change this file: add a revision.

CREATE TABLE bucket_access (
    bucket VARCHAR(63) NOT NULL,
    ownership VARCHAR(32),
    acl TEXT,
    public_access INTEGER,
    requester_pays BOOLEAN NOT NULL,
    PRIMARY KEY (bucket)
);

CREATE TABLE object_access (
    bucket VARCHAR(63) NOT NULL,
    "key" VARCHAR(1024) NOT NULL,
    marker VARCHAR(128) NOT NULL,
    account VARCHAR(12) NOT NULL,
    acl TEXT,
    at INTEGER NOT NULL,
    of_upload BOOLEAN NOT NULL,
    PRIMARY KEY (bucket, "key", marker)
);

CREATE TABLE account_public_access (
    account VARCHAR(12) NOT NULL,
    public_access INTEGER NOT NULL,
    PRIMARY KEY (account),
    FOREIGN KEY(account) REFERENCES accounts (id)
);

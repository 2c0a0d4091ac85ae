-- What the console looks for in the record: who asked and the error of each event; what was allowed apart from what was
-- refused. Once released, never change this file: add a revision.

ALTER TABLE events ADD COLUMN principal VARCHAR(64);

ALTER TABLE events ADD COLUMN error VARCHAR(128);

UPDATE events SET error = json_extract(body, '$.errorCode'), principal = CASE
    WHEN json_extract(body, '$.userIdentity.type') IN ('Root', 'IAMUser', 'AssumedRole') THEN substr(
        json_extract(body, '$.userIdentity.principalId'), 1,
        instr(json_extract(body, '$.userIdentity.principalId') || ':', ':') - 1)
    END
    WHERE json_valid(body);

CREATE INDEX events_by_principal ON events (principal, at) WHERE principal IS NOT NULL;

CREATE INDEX events_failed ON events (account, at) WHERE error IS NOT NULL;

ALTER TABLE service_accesses ADD COLUMN allowed INTEGER;

ALTER TABLE service_accesses ADD COLUMN refused INTEGER;

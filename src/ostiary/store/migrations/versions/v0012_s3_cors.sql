-- The CORS rules of a bucket. Once released, never change this file: add a revision.

ALTER TABLE bucket_access ADD COLUMN cors TEXT;

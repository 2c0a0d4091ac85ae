-- Who began a multipart upload. Once released, never change this file: add a revision.

CREATE TABLE uploads (
	bucket VARCHAR(63) NOT NULL,
	upload_id VARCHAR(256) NOT NULL,
	"key" VARCHAR(1024) NOT NULL,
	account VARCHAR(12) NOT NULL,
	user_id VARCHAR(128) NOT NULL,
	arn VARCHAR(2048) NOT NULL,
	PRIMARY KEY (bucket, upload_id)
);

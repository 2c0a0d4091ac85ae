// The AWS SDK for JavaScript against guarded S3: buckets, objects, streams, parts, refusals.
// Endpoint, region and key come from the environment, as every SDK reads them.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import * as s3 from "@aws-sdk/client-s3";

const client = new s3.S3Client({});
const call = (name, input = {}) => client.send(new s3[`${name}Command`](input));
const bytes = async (answer) => Buffer.from(await answer.Body.transformToByteArray());
const Bucket = `js-${Date.now()}`;

await call("CreateBucket", { Bucket, CreateBucketConfiguration: { LocationConstraint: "ap-northeast-2" } });
assert.ok((await call("ListBuckets")).Buckets.some((each) => each.Name === Bucket));

// a body in memory, with the checksum in a trailer; metadata; a key of many characters
const small = randomBytes(770);
await call("PutObject", { Bucket, Key: "dir/a b+ü.bin", Body: small, Metadata: { who: "js" }, ContentType: "x/y" });
const got = await call("GetObject", { Bucket, Key: "dir/a b+ü.bin" });
assert.deepEqual(await bytes(got), small);
assert.deepEqual([got.Metadata.who, got.ContentType, got.ContentEncoding], ["js", "x/y", undefined]);

// a stream, sent in chunks
const large = randomBytes(3_000_000);
const parts = () => Array.from({ length: 30 }, (_, i) => large.subarray(i * 100_000, (i + 1) * 100_000));
await call("PutObject", { Bucket, Key: "stream", Body: Readable.from(parts()), ContentLength: large.length });
assert.deepEqual(await bytes(await call("GetObject", { Bucket, Key: "stream" })), large);
for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
  await call("PutObject", { Bucket, Key: ChecksumAlgorithm, Body: small, ChecksumAlgorithm });
  assert.deepEqual(await bytes(await call("GetObject", { Bucket, Key: ChecksumAlgorithm })), small);
}

// parts, copies, ranges, lists, deletions
const { UploadId } = await call("CreateMultipartUpload", { Bucket, Key: "parts" });
const { ETag } = await call("UploadPart", { Bucket, Key: "parts", UploadId, PartNumber: 1, Body: small });
const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
await call("CompleteMultipartUpload", { Bucket, Key: "parts", UploadId, MultipartUpload });
await call("CopyObject", { Bucket, Key: "copy", CopySource: `${Bucket}/parts` });
assert.deepEqual(await bytes(await call("GetObject", { Bucket, Key: "copy", Range: "bytes=10-19" })), small.subarray(10, 20));
assert.deepEqual((await call("ListObjectsV2", { Bucket, Prefix: "dir/" })).Contents.map((each) => each.Key), ["dir/a b+ü.bin"]);
await assert.rejects(call("GetObject", { Bucket, Key: "none" }), { name: "NoSuchKey" });
await assert.rejects(call("DeleteBucket", { Bucket }), { name: "BucketNotEmpty" });
const Objects = (await call("ListObjectsV2", { Bucket })).Contents.map(({ Key }) => ({ Key }));
assert.equal((await call("DeleteObjects", { Bucket, Delete: { Objects } })).Deleted.length, Objects.length);
await call("DeleteBucket", { Bucket });
console.log("done");

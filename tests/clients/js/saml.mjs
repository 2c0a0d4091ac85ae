// The AWS SDK for JavaScript, without credentials of its own, with what an identity provider said.
import assert from "node:assert/strict";
import * as sts from "@aws-sdk/client-sts";

const { ROLE_ARN, PROVIDER_ARN, SAML_RESPONSE } = process.env;
const input = { RoleArn: ROLE_ARN, PrincipalArn: PROVIDER_ARN, SAMLAssertion: SAML_RESPONSE };
const client = new sts.STSClient({});
const given = await client.send(new sts.AssumeRoleWithSAMLCommand(input));
assert.equal(given.Subject, "alice");
assert.ok(given.Credentials.Expiration instanceof Date);

const credentials = {
  accessKeyId: given.Credentials.AccessKeyId,
  secretAccessKey: given.Credentials.SecretAccessKey,
  sessionToken: given.Credentials.SessionToken,
};
const who = await new sts.STSClient({ credentials }).send(new sts.GetCallerIdentityCommand({}));
assert.equal(who.Arn, given.AssumedRoleUser.Arn);

await assert.rejects(client.send(new sts.AssumeRoleWithSAMLCommand(input)), (error) => {
  assert.equal(error.name, "InvalidIdentityTokenException");
  assert.equal(error.$metadata.httpStatusCode, 400);
  return true;
});
console.log("done");

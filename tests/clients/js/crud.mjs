// The AWS SDK for JavaScript against a live server: the life of users, keys, policies, roles and sessions.
// Endpoint, region and the root user's key come from the environment, as every SDK reads them.
import assert from "node:assert/strict";
import * as iam from "@aws-sdk/client-iam";
import * as sts from "@aws-sdk/client-sts";

const client = new iam.IAMClient({});
const call = (name, input = {}) => client.send(new iam[`${name}Command`](input));
const document = (statement) => JSON.stringify({ Version: "2012-10-17", Statement: statement });
const refused = (promise, name, status) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.name, name);
    assert.equal(error.$metadata.httpStatusCode, status);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return true;
  });
const who = async (credentials) =>
  (await new sts.STSClient(credentials ? { credentials } : {}).send(new sts.GetCallerIdentityCommand({}))).Arn;

const account = (await who()).split(":")[4];
assert.equal(await who(), `arn:aws:iam::${account}:root`);

// users
const { User } = await call("CreateUser", { UserName: "js", Path: "/js/", Tags: [{ Key: "말", Value: "값" }] });
assert.equal(User.Arn, `arn:aws:iam::${account}:user/js/js`);
assert.ok(User.CreateDate instanceof Date);
assert.deepEqual((await call("GetUser", { UserName: "js" })).User.Tags, [{ Key: "말", Value: "값" }]);
await refused(call("CreateUser", { UserName: "JS" }), "EntityAlreadyExistsException", 409);
await refused(call("GetUser", { UserName: "nobody" }), "NoSuchEntityException", 404);

// keys
const { AccessKey } = await call("CreateAccessKey", { UserName: "js" });
const own = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
assert.equal(await who(own), User.Arn);
const asUser = new iam.IAMClient({ credentials: own });
await refused(asUser.send(new iam.ListUsersCommand({})), "AccessDenied", 403);

// policies
const { Policy } = await call("CreatePolicy", {
  PolicyName: "js",
  PolicyDocument: document({ Effect: "Allow", Action: ["iam:List*", "sts:*"], Resource: "*" }),
});
await call("AttachUserPolicy", { UserName: "js", PolicyArn: Policy.Arn });
assert.equal((await asUser.send(new iam.ListUsersCommand({}))).Users[0].UserName, "js");
await refused(
  call("CreatePolicy", { PolicyName: "broken", PolicyDocument: "{" }),
  "MalformedPolicyDocumentException",
  400,
);
const { PolicyVersion } = await call("CreatePolicyVersion", {
  PolicyArn: Policy.Arn,
  SetAsDefault: true,
  PolicyDocument: document({ Effect: "Allow", Action: "sts:*", Resource: "*" }),
});
assert.equal(PolicyVersion.VersionId, "v2");
await refused(asUser.send(new iam.ListUsersCommand({})), "AccessDenied", 403);

// roles and sessions
const { Role } = await call("CreateRole", {
  RoleName: "js",
  AssumeRolePolicyDocument: document({ Effect: "Allow", Principal: { AWS: User.Arn }, Action: "sts:AssumeRole" }),
});
const { Credentials } = await new sts.STSClient({ credentials: own }).send(
  new sts.AssumeRoleCommand({ RoleArn: Role.Arn, RoleSessionName: "night" }),
);
const session = {
  accessKeyId: Credentials.AccessKeyId,
  secretAccessKey: Credentials.SecretAccessKey,
  sessionToken: Credentials.SessionToken,
};
assert.ok(Credentials.Expiration > new Date());
assert.equal(await who(session), `arn:aws:sts::${account}:assumed-role/js/night`);

// groups, pages
for (let n = 0; n < 5; n++) await call("CreateGroup", { GroupName: `js${n}` });
const names = [];
for await (const page of iam.paginateListGroups({ client, pageSize: 2 }, {})) {
  names.push(...page.Groups.map((group) => group.GroupName));
}
assert.deepEqual(names, ["js0", "js1", "js2", "js3", "js4"]);
for (const name of names) await call("DeleteGroup", { GroupName: name });

// the end
await call("UpdateAccessKey", { UserName: "js", AccessKeyId: own.accessKeyId, Status: "Inactive" });
await assert.rejects(who(own), { name: "InvalidClientTokenId" });
await refused(call("DeleteUser", { UserName: "js" }), "DeleteConflictException", 409);
await call("DeleteAccessKey", { UserName: "js", AccessKeyId: own.accessKeyId });
await call("DetachUserPolicy", { UserName: "js", PolicyArn: Policy.Arn });
await call("DeletePolicyVersion", { PolicyArn: Policy.Arn, VersionId: "v1" });
await call("DeletePolicy", { PolicyArn: Policy.Arn });
await call("DeleteRole", { RoleName: "js" });
await call("DeleteUser", { UserName: "js" });
await assert.rejects(who(session), { name: "InvalidClientTokenId" });
console.log("done");

// Credential providers of the AWS SDK for JavaScript that call STS: roles, chains of roles, MFA, tokens in hand.
import assert from "node:assert/strict";
import * as sts from "@aws-sdk/client-sts";
import { fromTemporaryCredentials, fromWebToken } from "@aws-sdk/credential-providers";

const { ROLE_ARN, MFA_ROLE_ARN, CHAINED_ROLE_ARN, MFA_SERIAL, MFA_CODE, WEB_ROLE_ARN, WEB_TOKEN } = process.env;
const tail = (arn) => arn.split(":").pop();
const who = async (credentials) => tail((await new sts.STSClient({ credentials }).send(new sts.GetCallerIdentityCommand({}))).Arn);
const name = (error) => error.name;

if (WEB_TOKEN) {
  const params = { roleArn: WEB_ROLE_ARN, roleSessionName: "in-hand", webIdentityToken: WEB_TOKEN, durationSeconds: 900 };
  const credentials = await fromWebToken(params)();
  assert.ok(credentials.expiration - Date.now() <= 900_000);
  assert.equal(await who(credentials), "assumed-role/web/in-hand");
  const keyless = new sts.STSClient({ credentials: fromWebToken({ ...params, webIdentityToken: "not.a.token" }) });
  assert.equal(await keyless.send(new sts.GetCallerIdentityCommand({})).catch(name), "InvalidIdentityTokenException");
  const asked = { Audience: ["api"], SigningAlgorithm: "RS256", DurationSeconds: 60, Tags: [{ Key: "a", Value: "b" }] };
  const given = await new sts.STSClient({}).send(new sts.GetWebIdentityTokenCommand(asked));
  const claims = JSON.parse(Buffer.from(given.WebIdentityToken.split(".")[1], "base64url"));
  assert.equal(claims.aud, "api");
  assert.equal(claims.exp - claims.iat, 60);
  assert.ok(given.Expiration instanceof Date);
} else {
  const plain = fromTemporaryCredentials({ params: { RoleArn: ROLE_ARN, RoleSessionName: "plain" } });
  assert.equal(await who(plain), "assumed-role/plain/plain");

  const withMfa = { RoleArn: MFA_ROLE_ARN, RoleSessionName: "mfa" };
  assert.equal(await who(fromTemporaryCredentials({ params: withMfa })).catch(name), "AccessDenied");
  const asked = [];
  const mfaCodeProvider = async (serial) => (asked.push(serial), MFA_CODE);
  const proven = fromTemporaryCredentials({ params: { ...withMfa, SerialNumber: MFA_SERIAL }, mfaCodeProvider });
  assert.equal(await who(proven), "assumed-role/mfa/mfa");
  assert.deepEqual(asked, [MFA_SERIAL]);

  const masterCredentials = fromTemporaryCredentials({ params: { RoleArn: ROLE_ARN, RoleSessionName: "first" } });
  const chained = { RoleArn: CHAINED_ROLE_ARN, RoleSessionName: "second", DurationSeconds: 900 };
  assert.equal(await who(fromTemporaryCredentials({ masterCredentials, params: chained })), "assumed-role/chained/second");
  const long = fromTemporaryCredentials({ masterCredentials, params: { ...chained, DurationSeconds: 7200 } });
  assert.equal(await who(long).catch(name), "ValidationError");
}
console.log("done");

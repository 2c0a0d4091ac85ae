// The environment of a pod and no code of ours: credentials come from the token file.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromTokenFile } from "@aws-sdk/credential-providers";

for (const options of [{ credentials: fromTokenFile() }, {}]) {
  const { Arn } = await new STSClient(options).send(new GetCallerIdentityCommand({}));
  console.log(Arn);
}

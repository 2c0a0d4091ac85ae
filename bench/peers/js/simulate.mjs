// Decides the requests of stdin one after the other, for so many seconds; says what each took and which were allowed.
import { readFileSync } from "node:fs";
import { runSimulation } from "@cloud-copilot/iam-simulate";

const { caller, account, documents, requests, seconds } = JSON.parse(readFileSync(0, "utf8"));
const identityPolicies = documents.map((policy, at) => ({ name: `policy-${at}`, policy }));

async function allows({ action, resource, context }) {
  const said = await runSimulation(
    {
      request: { principal: caller, action, resource: { resource, accountId: account }, contextVariables: context },
      identityPolicies,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (said.resultType === "error") throw new Error(JSON.stringify(said.errors));
  return said.overallResult === "Allowed";
}

await allows(requests[0]); // its data is read
const allowed = [];
const began = process.cpuUsage();
const used = () => (({ user, system }) => user + system)(process.cpuUsage(began)); // microseconds, of all its threads
for (const request of requests) {
  allowed.push(await allows(request));
  if (used() > seconds * 1e6) break;
}
const microseconds = used() / allowed.length;
console.log(JSON.stringify({ microseconds, allowed }));

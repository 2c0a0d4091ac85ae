// An OpenID provider (npm oidc-provider) on loopback with HTTPS. Somebody signs in; the id token is printed.
// Arguments: the files of a certificate and its key. It serves until its standard input ends.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import Provider from "oidc-provider";

const [certificate, key] = process.argv.slice(2);
const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `https://localhost:${server.address().port}`;
const callback = "https://app.example.com/callback";
const client = { client_id: "app", client_secret: "of the test", redirect_uris: [callback] };
server.on("request", new Provider(issuer, { clients: [client], cookies: { keys: ["of the test"] } }).callback());

const cookies = new Map();

async function ask(url, form) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const body = form && new URLSearchParams(form);
  const answer = await fetch(url, { method: form ? "POST" : "GET", body, headers: { cookie }, redirect: "manual" });
  for (const line of answer.headers.getSetCookie()) {
    const [name, value] = line.split(";")[0].split("=");
    if (value) cookies.set(name, value);
    else cookies.delete(name);
  }
  return answer;
}

async function signIn() {
  const verifier = randomBytes(32).toString("base64url");
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const asked = { client_id: "app", response_type: "code", scope: "openid", redirect_uri: callback, nonce: "n" };
  let url = `${issuer}/auth?${new URLSearchParams({ ...asked, code_challenge: challenge, code_challenge_method: "S256" })}`;
  while (!url.startsWith(callback)) {
    let answer = await ask(url);
    if (answer.status === 200) {
      const prompt = /name="prompt" value="(\w+)"/.exec(await answer.text())[1];
      answer = await ask(url, { prompt, login: "jimin", password: "any" });
    }
    url = new URL(answer.headers.get("location"), url).href;
  }
  const code = new URL(url).searchParams.get("code");
  const authorization = `Basic ${Buffer.from("app:of+the+test").toString("base64")}`;
  const form = { grant_type: "authorization_code", code, redirect_uri: callback, code_verifier: verifier };
  const answer = await fetch(`${issuer}/token`, { method: "POST", body: new URLSearchParams(form), headers: { authorization } });
  return (await answer.json()).id_token;
}

console.log(JSON.stringify({ issuer, token: await signIn() }));
process.stdin.on("end", () => process.exit(0)).resume();

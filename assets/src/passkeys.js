// Passkeys: a form with `data-passkey` holds what the authenticator is asked ("get" or "create"); its answer is sent
// with the form. Without WebAuthn the form stays hidden, and the page says so.

const able = () => window.isSecureContext && typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";

let waiting = null; // the offer among the browser's own suggestions, which ends when a button is pressed

async function ask(form, more = {}) {
  const options = JSON.parse(form.dataset.options);
  const credential = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...more });
  form.elements.credential.value = JSON.stringify(credential.toJSON());
  form.submit();
}

function tell(form, which) {
  for (const words of form.querySelectorAll("[data-when]")) words.hidden = words.dataset.when !== which;
}

async function offer(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  try {
    await ask(form, { mediation: "conditional", signal: waiting.signal });
  } catch {
    // nobody chose one
  }
}

export function passkeys() {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!able()) {
      for (const words of document.querySelectorAll("[data-no-passkeys]")) words.hidden = false;
      continue;
    }
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      waiting?.abort();
      if (!form.reportValidity()) return;
      tell(form, "waiting");
      try {
        await ask(form);
      } catch (error) {
        tell(form, error.name === "InvalidStateError" ? "there" : "failed");
      }
    });
    if (form.dataset.offer !== undefined) offer(form);
  }
}

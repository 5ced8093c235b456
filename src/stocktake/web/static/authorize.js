// The page that Microsoft sends the pop-up back to: hands the Token to the dialog that waits in this browser.
"use strict";

const answer = document.getElementById("answer");
const field = document.getElementById("token");
const copy = document.getElementById("copy");
const told = document.getElementById("told");
const channel = new BroadcastChannel("stocktake-authorization");

// The code in the address has been used; it need not stay in the history.
history.replaceState(null, "", location.pathname);

channel.addEventListener("message", (event) => {
  if (!event.data || !event.data.taken || event.data.dialog !== answer.dataset.dialog) return;
  told.textContent = "The dialog has the Token: click Save there. You can close this window.";
});

if (answer.dataset.dialog) {
  channel.postMessage({
    dialog: answer.dataset.dialog,
    token: field ? field.value : "",
    failure: answer.dataset.failure || "",
  });
}

if (field) {
  field.addEventListener("focus", () => field.select());
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      copy.textContent = "Copied";
    } catch {
      field.focus();
      told.textContent = "Press Ctrl+C to copy the Token.";
    }
  });
}

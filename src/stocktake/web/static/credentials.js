// The Credentials dialog: modal where there is script, and the Token of the pop-up put in by itself.
"use strict";

const dialog = document.getElementById("credentials");
const authorize = document.getElementById("authorize");
const token = document.querySelector("#save input[name=token]");
const state = document.getElementById("authorize-state");
const reopen = document.querySelector("[data-open-dialog]");
// The pop-up may have lost its opener on Microsoft's pages, so it speaks on a channel of our own origin.
const channel = new BroadcastChannel("stocktake-authorization");
let popup = null;
let watch = 0;

function say(text, kind) {
  state.textContent = text;
  state.className = kind ? `notice ${kind}` : "notice";
  state.hidden = false;
}

// Not called "open": that would take the place of the browser's own, which makes the pop-up.
function showDialog() {
  if (dialog.open) dialog.close();
  dialog.showModal();
}

showDialog();
dialog.addEventListener("close", () => {
  reopen.hidden = false;
  reopen.focus();
});
reopen.addEventListener("click", showDialog);

authorize.addEventListener("submit", () => {
  popup = window.open("", "stocktake-authorize", "popup,width=600,height=760");
  say("Waiting for Microsoft's page. Sign in and accept there.", "");
  clearInterval(watch);
  watch = setInterval(() => {
    if (!popup || !popup.closed) return;
    clearInterval(watch);
    say("The pop-up was closed, or can't be seen from here any more. If it showed a Token, paste it below; else click Authorize again.", "");
  }, 500);
});

authorize.addEventListener("input", () => {
  if (!token.value) return;
  token.value = "";
  say("The fields have changed since Authorize: click it again.", "");
});

channel.addEventListener("message", (event) => {
  const message = event.data;
  if (!message || message.dialog !== dialog.dataset.dialog || message.taken) return;
  clearInterval(watch);
  if (message.token) {
    token.value = message.token;
    channel.postMessage({ dialog: message.dialog, taken: true });
    say("Authorised: the Token is below. Click Save.", "good");
    document.querySelector("#save button").focus();
  } else {
    say(`Not authorised: ${message.failure}`, "bad");
  }
});

// What pages need beyond htmx. Pages work without it.
"use strict";

document.addEventListener("htmx:configRequest", (event) => {
  const { headers, parameters, verb } = event.detail;
  headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf-token"]').content;
  if (verb === "get") {
    // Addresses that people share should hold what was chosen and nothing else.
    const boxes = [...(event.detail.elt.querySelectorAll?.('input[name="column"]') ?? [])];
    if (boxes.length && boxes.every((box) => box.checked === ("shown" in box.dataset))) parameters.delete("column");
    for (const name of [...new Set(parameters.keys())]) {
      if (parameters.getAll(name).every((value) => value === "")) parameters.delete(name);
    }
  }
});

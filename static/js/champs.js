// Puts a merge field where the cursor stands in a text. Without JavaScript the list of fields is read beside it, and copied.
(() => {
  for (const place of document.querySelectorAll("[data-inserer]")) {
    const text = document.getElementById(place.dataset.inserer);
    const list = place.querySelector("select");
    if (!text || !list) continue;
    place.hidden = false;
    place.querySelector("button").addEventListener("click", () => {
      const field = `{${list.value}}`;
      text.setRangeText(field, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
    });
  }
})();

// One click, one submission: a second press is ignored while the first is on its way.
// Without JavaScript the server answers twice and does the thing once; this only spares a surprise.
(() => {
  const RELEASE_AFTER_MS = 10000; // a POST that answers with a file leaves the page where it is

  function buttonsOf(form) {
    return [...form.elements].filter((e) => e.type === "submit" || e.type === "image");
  }

  function release(form) {
    delete form.dataset.envoye;
    for (const button of buttonsOf(form)) {
      button.removeAttribute("aria-disabled");
      button.removeAttribute("aria-busy");
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || "plusieursEnvois" in form.dataset) return;
    if (form.dataset.envoye) {
      event.preventDefault();
      return;
    }
    if (event.defaultPrevented) return;
    form.dataset.envoye = "1";
    // Not `disabled`: it would drop the focus and the pressed button's own value.
    for (const button of buttonsOf(form)) button.setAttribute("aria-disabled", "true");
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    setTimeout(() => release(form), RELEASE_AFTER_MS);
  });

  // Coming back with the back button shows the page as it was left: give the buttons back.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-envoye]").forEach(release);
  });
})();

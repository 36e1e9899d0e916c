// Saves the draft as one goes, and shows what the server then says: state of each domain, « Ce qui change », « Il manque ».
// The page posts its own form and reads the page that comes back; without JavaScript the two buttons do the same.
(() => {
  const PAUSE_MS = 2000;
  const form = document.getElementById("feuille");
  if (!form) return;
  let timer = null;
  let running = null;

  const boxes = (root) => [...root.querySelectorAll('input[name="activites"]')];
  const motives = (root) => [...root.querySelectorAll('textarea[name^="motif-"]')];
  const answers = (root) => [...root.querySelectorAll('textarea[name^="motif-"], textarea[name^="precision-"], select[name^="facon-"]')];
  const ticked = (root) => new Set(boxes(root).filter((box) => box.checked).map((box) => box.value));
  const texts = (root) => new Map(answers(root).map((field) => [field.name, field.value]));
  const say = (word) => {
    const mark = document.createElement("span");
    mark.className = "etat o";
    mark.textContent = word;
    document.getElementById("enregistre").replaceChildren(mark);
  };

  // What somebody else changed meanwhile comes in, unless it was touched here since the form left.
  function mergeBoxes(page, sent) {
    const saved = ticked(page);
    for (const box of boxes(form)) {
      const differs = sent.has(box.value) !== saved.has(box.value);
      if (differs && box.checked === sent.has(box.value)) box.checked = saved.has(box.value);
    }
  }

  function mergeAnswers(page, sent) {
    const saved = texts(page);
    for (const field of answers(form)) {
      if (field.value === sent.get(field.name) && saved.has(field.name) && field !== document.activeElement) field.value = saved.get(field.name);
    }
  }

  function take(page, id) {
    const fresh = page.getElementById(id);
    const old = document.getElementById(id);
    if (fresh && old) old.replaceChildren(...fresh.childNodes);
  }

  function takeStates(page) {
    for (const area of motives(form)) {
      const twin = page.getElementById(area.id);
      if (!twin) continue;
      area.closest("details").querySelector("summary").replaceChildren(...twin.closest("details").querySelector("summary").childNodes);
    }
    for (const box of boxes(form)) take(page, "marque-" + box.value);
  }

  // Replacing the button that has the focus would lose it.
  function takeAside(page) {
    const inside = document.getElementById("cote").contains(document.activeElement) && document.activeElement;
    take(page, "cote");
    if (inside && inside.name === "action") document.querySelector('#cote [name="action"]').focus();
  }

  function apply(page, sent, sentTexts) {
    mergeBoxes(page, sent);
    mergeAnswers(page, sentTexts);
    take(page, "fautes");
    take(page, "remarques");
    take(page, "reperes");
    takeStates(page);
    takeAside(page);
    take(page, "enregistre");
  }

  // Refused: the page says why, keeps what was typed, and has now been told what somebody else wrote.
  function refuse(page) {
    take(page, "fautes");
    take(page, "reperes");
    say("Non enregistré");
  }

  // `form.action` would be the buttons of that name.
  async function save() {
    timer = null;
    const sent = ticked(form);
    const sentTexts = texts(form);
    const body = new FormData(form);
    body.set("action", "brouillon");
    try {
      const response = await fetch(form.getAttribute("action"), { method: "POST", body, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (!page.getElementById("reperes")) throw new Error(String(response.status));
      if (response.ok) apply(page, sent, sentTexts);
      else refuse(page);
    } catch {
      say("Non enregistré");
    }
  }

  function start() {
    running = save().finally(() => { running = null; });
    return running;
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => (running ? running.then(start) : start()), PAUSE_MS);
  });

  // A press while a save is on its way waits for it, so that nobody is in conflict with herself.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!running) return;
    event.preventDefault();
    event.stopPropagation();
    const value = event.submitter && event.submitter.value;
    running.then(() => form.requestSubmit(form.querySelector(`button[name="action"][value="${value || "enregistrer"}"]`)));
  });
})();

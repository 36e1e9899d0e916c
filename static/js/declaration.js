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
  const markOf = (field) => field.name.replace("-", field.name.startsWith("motif-") ? "_vu-" : "_vue-");
  const marks = () => new Map([...document.getElementById("reperes").children].map((mark) => [mark.name, mark.value]));
  // After a conflict only a press of a button decides: saving by itself would overwrite what somebody else has just written.
  const held = () => document.querySelector("#fautes [data-conflit]") !== null;
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

  // Gives the fields where what somebody else wrote could not come in.
  function mergeAnswers(page, sent) {
    const saved = texts(page);
    const moved = answers(form).filter(({ name }) => saved.has(name) && saved.get(name) !== sent.get(name).trim());
    const free = (field) => field.value === sent.get(field.name) && field !== document.activeElement;
    for (const field of moved.filter(free)) field.value = saved.get(field.name);
    return moved.filter((field) => field.value !== saved.get(field.name));
  }

  function take(page, id) {
    const fresh = page.getElementById(id);
    const old = document.getElementById(id);
    if (fresh && old) old.replaceChildren(...fresh.childNodes);
  }

  // What this page has not shown is not seen: the next save of that field will be a conflict, not a decision.
  function takeMarks(page, unseen) {
    const before = marks();
    take(page, "reperes");
    const box = document.getElementById("reperes");
    for (const field of unseen) {
      const name = markOf(field);
      box.querySelector(`[name="${name}"]`)?.remove();
      if (before.has(name)) box.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: before.get(name) }));
    }
  }

  function copy(name, twin, element) {
    if (twin.hasAttribute(name)) element.setAttribute(name, twin.getAttribute(name));
    else element.removeAttribute(name);
  }

  function reveal(field) {
    for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }

  // What is wrong with a field is said beside it.
  function takeFaults(page) {
    for (const said of form.querySelectorAll(".faute")) said.remove();
    for (const field of [...boxes(form), ...answers(form)]) {
      const twin = page.getElementById(field.id);
      if (!twin) continue;
      for (const name of ["class", "aria-describedby", "aria-invalid"]) copy(name, twin, field);
      copy("class", twin.parentElement, field.parentElement);
      const said = twin.parentElement.querySelector(":scope > .faute");
      if (!said) continue;
      if (field.type === "checkbox") field.parentElement.append(said);
      else field.before(said);
      reveal(field);
    }
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
    takeMarks(page, mergeAnswers(page, sentTexts));
    take(page, "fautes");
    take(page, "remarques");
    takeFaults(page);
    takeStates(page);
    takeAside(page);
    take(page, "enregistre");
  }

  // Refused: the page says why, where one reads it, keeps what was typed, and has now been told what somebody else wrote.
  function refuse(page) {
    take(page, "fautes");
    take(page, "reperes");
    takeFaults(page);
    say("Non enregistré");
  }

  // The session is over: the server keeps what was sent, and gives it back after sign-in.
  function sayEnded(address) {
    say("Non enregistré");
    const link = Object.assign(document.createElement("a"), { href: address, textContent: "reconnectez-vous" });
    document.getElementById("enregistre").append(" Votre session a pris fin : ", link, ". Ce que vous avez saisi est gardé.");
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
      if (response.url.endsWith(form.dataset.reprise)) return sayEnded(response.url);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (!page.getElementById("reperes")) throw new Error(String(response.status));
      if (response.ok) apply(page, sent, sentTexts);
      else refuse(page);
    } catch {
      say("Non enregistré");
    }
  }

  function start() {
    if (held()) return null;
    running = save().finally(() => { running = null; });
    return running;
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => (running ? running.then(start) : start()), PAUSE_MS);
  });

  // A press while a save is on its way waits for it, so that nobody is in conflict with herself; it decides nothing when
  // that save is refused by a conflict, which was not told yet.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!running) return;
    event.preventDefault();
    event.stopPropagation();
    const value = event.submitter && event.submitter.value;
    running.then(() => held() || form.requestSubmit(form.querySelector(`button[name="action"][value="${value || "enregistrer"}"]`)));
  });
})();

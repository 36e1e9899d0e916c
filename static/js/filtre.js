// A box over a long choice: a list, or boxes folded by group. What is typed narrows it, accents and case aside.
// Without JavaScript the whole choice is there, and the groups open by hand.
(() => {
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/œ/g, "oe").replace(/[^a-z0-9]+/g, " ").trim();
  const answers = (text, words) => words.every((word) => text.includes(word));

  function told(count) {
    if (!count) return "Personne ne répond à cette recherche.";
    return count === 1 ? "Une personne" : `${count.toLocaleString("fr-FR")} personnes`;
  }

  // Options are taken out and put back: hiding them is not enough for every browser.
  function ofList(list) {
    const whole = [...list.children];
    const inside = new Map(whole.map((node) => [node, [...node.children]]));
    const texts = new Map([...list.options].map((option) => [option, plain(`${option.text} ${option.parentElement.label || ""}`)]));
    return (words) => {
      const chosen = list.selectedOptions[0];
      const keeps = (option) => option === chosen || answers(texts.get(option), words);
      const shown = whole.filter((node) => {
        if (node.tagName !== "OPTGROUP") return !node.value || keeps(node);
        node.replaceChildren(...inside.get(node).filter(keeps));
        return node.children.length;
      });
      list.replaceChildren(...shown);
      if (chosen) chosen.selected = true;
      return [...list.options].filter((option) => option.value && answers(texts.get(option), words)).length;
    };
  }

  function ofGroups(place) {
    const groups = [...place.querySelectorAll(".groupe-choix")].map((group) => {
      const title = group.querySelector("summary").textContent;
      const boxes = [...group.querySelectorAll(".form-check")].map((box) => [box, plain(`${box.textContent} ${title}`)]);
      return { group, boxes, open: group.open };
    });
    return (words) => {
      let count = 0;
      for (const { group, boxes, open } of groups) {
        const found = boxes.filter(([, text]) => answers(text, words));
        for (const [box, text] of boxes) box.hidden = !answers(text, words);
        group.hidden = !found.length;
        group.open = words.length ? found.length > 0 : open || boxes.some(([box]) => box.querySelector("input").checked);
        count += found.length;
      }
      return count;
    };
  }

  function put(target, narrow, before) {
    const box = document.createElement("div");
    const label = document.createElement("label");
    const field = document.createElement("input");
    const count = document.createElement("p");
    box.className = "filtre-choix";
    label.textContent = target.dataset.filtre;
    label.htmlFor = field.id = `filtre-${document.querySelectorAll(".filtre-choix").length}`;
    field.type = "search";
    field.autocomplete = "off";
    field.className = "form-control";
    count.className = "petit";
    count.setAttribute("role", "status");
    box.append(label, field, count);
    before.before(box);
    field.addEventListener("input", (event) => {
      event.stopPropagation();
      const words = plain(field.value).split(" ").filter(Boolean);
      const found = narrow(words);
      count.textContent = words.length ? told(found) : "";
    });
    // Enter would send the form.
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }

  for (const target of document.querySelectorAll("[data-filtre]")) {
    if (target.tagName === "SELECT") put(target, ofList(target), target);
    else if (target.querySelector(".groupe-choix")) put(target, ofGroups(target), target.querySelector(".groupe-choix"));
  }
})();

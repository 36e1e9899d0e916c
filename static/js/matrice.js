// A grid of links becomes one stop of the Tab key; arrows, Home, End, Ctrl+Home and Ctrl+End move inside.
// Beside a wide matrix, the cell under the pointer or the focus tells its story in a card.
// Without JavaScript each cell stays an ordinary link, and printing is the browser's own menu.
(() => {
  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const PATIENCE = 250; // milliseconds on a cell before its story is asked for

  function setUp(table) {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.querySelector("td"));
    const targets = rows.map((row) => [...row.cells].map((cell) => cell.querySelector("a") || (cell.tagName === "TD" ? cell : null)).filter(Boolean));
    const place = new Map(targets.flatMap((line, row) => line.map((target, column) => [target, [row, column]])));
    const all = [...place.keys()];
    let current = all.find((t) => t.hasAttribute("aria-current")) || all[0];
    if (!current) return;
    table.setAttribute("role", "grid");
    for (const target of all) target.tabIndex = -1;
    current.tabIndex = 0;

    function settle(target) {
      current.tabIndex = -1;
      current = target;
      current.tabIndex = 0;
    }

    function wanted(event, row, column) {
      const lastRow = targets.length - 1;
      const whole = event.ctrlKey || event.metaKey;
      if (event.key === "Home") return [whole ? 0 : row, 0];
      if (event.key === "End") return [whole ? lastRow : row, Infinity];
      const move = MOVES[event.key];
      return move && [Math.min(Math.max(row + move[0], 0), lastRow), Math.max(column + move[1], 0)];
    }

    table.addEventListener("keydown", (event) => {
      const from = place.get(event.target);
      const to = from && !event.altKey && wanted(event, ...from);
      if (!to) return;
      event.preventDefault();
      const line = targets[to[0]];
      settle(line[Math.min(to[1], line.length - 1)]);
      current.focus();
    });
    table.addEventListener("focusin", (event) => {
      if (place.has(event.target)) settle(event.target);
    });
  }

  function tellStories(table, card) {
    const told = new Map();
    let timer;

    async function tell(link) {
      if (!told.has(link.href)) {
        const response = await fetch(link.href, { headers: { "HX-Request": "true" } });
        if (!response.ok || response.redirected) return;
        told.set(link.href, await response.text());
      }
      card.innerHTML = told.get(link.href);
    }

    for (const kind of ["mouseover", "focusin"]) {
      table.addEventListener(kind, (event) => {
        const link = event.target.closest("td > a");
        clearTimeout(timer);
        if (!link) return;
        link.title = link.textContent;
        if (matchMedia("(min-width: 75em)").matches) timer = setTimeout(() => tell(link).catch(() => {}), PATIENCE);
      });
    }
  }

  for (const item of document.querySelectorAll("[data-imprimer]")) {
    item.hidden = false;
    item.querySelector("button").addEventListener("click", () => window.print());
  }

  document.querySelectorAll("table[data-matrice]").forEach((table) => {
    setUp(table);
    const card = document.querySelector("[data-fiche]");
    if (card) tellStories(table, card);
  });
})();

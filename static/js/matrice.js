// A grid of links becomes one stop of the Tab key; arrows, Home, End, Ctrl+Home and Ctrl+End move inside.
// Without JavaScript each cell stays an ordinary link.
(() => {
  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  function setUp(table) {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]).map((row) => [...row.cells].filter((c) => c.tagName === "TD"));
    const targets = rows.map((cells) => cells.map((cell) => cell.querySelector("a") || cell));
    let current = targets.flat().find((t) => t.hasAttribute("aria-current")) || targets.flat()[0];
    if (!current) return;
    table.setAttribute("role", "grid");
    for (const target of targets.flat()) target.tabIndex = -1;
    current.tabIndex = 0;

    function moveTo(target) {
      current.tabIndex = -1;
      current = target;
      current.tabIndex = 0;
      current.focus();
    }

    function wanted(event, row, column) {
      const lastRow = targets.length - 1;
      const whole = event.ctrlKey || event.metaKey;
      if (event.key === "Home") return [whole ? 0 : row, 0];
      if (event.key === "End") return [whole ? lastRow : row, targets[row].length - 1];
      const move = MOVES[event.key];
      return move && [Math.min(Math.max(row + move[0], 0), lastRow), Math.max(column + move[1], 0)];
    }

    table.addEventListener("keydown", (event) => {
      const row = targets.findIndex((line) => line.includes(event.target));
      if (row < 0 || event.altKey) return;
      const place = wanted(event, row, targets[row].indexOf(event.target));
      if (!place) return;
      event.preventDefault();
      const line = targets[place[0]];
      moveTo(line[Math.min(place[1], line.length - 1)]);
    });
    table.addEventListener("focusin", (event) => {
      if (event.target !== current && targets.flat().includes(event.target)) {
        current.tabIndex = -1;
        current = event.target;
        current.tabIndex = 0;
      }
    });
  }

  document.querySelectorAll("table[data-matrice]").forEach(setUp);
})();

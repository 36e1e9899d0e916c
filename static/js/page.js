// Small comforts of every page: the error summary takes the focus, open menus close with Escape or when left, and what the
// browser kept of a page is not shown again by « Back » once somebody signed out, in this tab or another.
(() => {
  const shownAt = Date.now();
  document.addEventListener("submit", (event) => {
    if ("sortie" in event.target.dataset) localStorage.setItem("sortie", String(Date.now()));
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted || Number(localStorage.getItem("sortie")) < shownAt) return;
    document.documentElement.hidden = true;
    location.reload();
  });

  const erreurs = document.getElementById("erreurs");
  if (erreurs) {
    document.title = "Erreur : " + document.title;
    erreurs.focus();
  }

  for (const menu of document.querySelectorAll("details.menu")) {
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    document.addEventListener("click", (event) => {
      if (menu.open && !menu.contains(event.target)) menu.open = false;
    });
    // On keyup, not on focusout: closing while the mouse is down would move what is being clicked.
    document.addEventListener("keyup", (event) => {
      if (event.key === "Tab" && menu.open && !menu.contains(document.activeElement)) menu.open = false;
    });
  }
})();

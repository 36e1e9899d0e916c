// Small comforts of every page: the error summary takes the focus, open menus close with Escape or when left.
(() => {
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

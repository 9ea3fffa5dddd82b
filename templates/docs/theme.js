"use strict";
// Before anything is drawn: the theme that the reader chose. Without a choice the system's is used.
document.documentElement.classList.add("js");
try {
  const chosen = localStorage.getItem("paygate-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch (error) {
  document.documentElement.dataset.storage = "none"; // The browser keeps nothing: the choice is for this page alone.
}

"use strict";
// In a widget's frame: the page around it, which cannot look in here, hears that there is no checkout, and why.
(function () {
  var around = new URLSearchParams(location.search).get("origin"), words = document.querySelector("main").dataset;
  if (window.parent === window || !around) return;
  function say(told) {
    told.source = "paygate";
    try {
      window.parent.postMessage(told, around);
    } catch (error) {
      console.error("origin is not one: " + error.message);
    }
  }
  say({ type: "refused", code: words.code, message: words.message, requestId: words.request });
  addEventListener("keydown", function (event) { if (event.key === "Escape") say({ type: "escape" }); });
})();

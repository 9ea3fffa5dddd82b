"use strict";
(function () {
  var main = document.querySelector("main"), live = document.getElementById("live");
  var offline = document.querySelector(".offline"), sheet = document.getElementById("sheet");
  var skew = Number(main.dataset.now) - Date.now(), stream = null, fetching = false, again = false, leaving = 0;
  var api = "/api/v1/payment/" + main.dataset.id, secret = main.dataset.secret;

  function token(found) {
    var t = found.transaction, v = found.verification || {};
    return [t.status, t.exception || "", v.status || "", v.at || ""].join("|");
  }
  function seen(found) {
    offline.hidden = true;
    if (token(found) !== main.dataset.token) refresh();
  }

  // --- what is new ---------------------------------------------------------------------------------------------------
  // The server draws every screen: when the payment has changed, the page is asked for again and its middle exchanged.
  function refresh() {
    if (fetching) { again = true; return; }
    fetching = true;
    fetch(location.href, { headers: { Accept: "text/html" } }).then(function (answer) {
      return answer.ok ? answer.text() : Promise.reject(answer.status);
    }).then(function (html) {
      var page = new DOMParser().parseFromString(html, "text/html"), fresh = page.querySelector("main");
      offline.hidden = true;
      if (fresh.dataset.token !== main.dataset.token || fresh.dataset.state !== main.dataset.state) {
        var open = main.dataset.state === fresh.dataset.state && main.querySelector("details[open] input[type=file]");
        main.replaceWith(fresh);
        main = fresh;
        document.title = page.title;
        live.textContent = main.dataset.says;
        skew = Number(main.dataset.now) - Date.now();
        if (open) main.querySelector(".slip").open = true;
        scrollTo(0, 0);
        begin();
      }
    }).catch(function () { offline.hidden = false; }).then(function () {
      fetching = false;
      if (again) { again = false; refresh(); }
    });
  }
  function ask() {
    fetch(api, { headers: { "X-Client-Secret": secret } }).then(function (answer) {
      return answer.ok ? answer.json() : Promise.reject(answer.status);
    }).then(seen).catch(function () { offline.hidden = false; });
  }
  function listen() {
    if (stream) stream.close();
    if (!window.EventSource) return;
    stream = new EventSource(api + "/events?clientSecret=" + encodeURIComponent(secret));
    stream.addEventListener("status", function (event) { seen(JSON.parse(event.data)); });
    stream.onopen = function () { offline.hidden = true; };
  }
  function over() { return /^(paid|cancelled|reversed)$/.test(main.dataset.state); }
  listen();
  setInterval(function () {
    if (over() && !(stream && stream.readyState === 1)) return;
    if (!stream || stream.readyState !== 1) ask();
    if (stream && stream.readyState === 2) listen();
  }, 3000);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) ask(); });
  addEventListener("online", ask);
  addEventListener("offline", function () { offline.hidden = false; });
  addEventListener("pageshow", function (event) {
    if (!event.persisted) return;
    var line = main.querySelector("[data-returning]");
    if (line && history.state && history.state.returned) line.hidden = true;
    listen();
    ask();
  });
  addEventListener("pagehide", function () { if (stream) stream.close(); });

  // --- the clock -----------------------------------------------------------------------------------------------------
  function tick() {
    var line = main.querySelector("[data-left]");
    if (!line) return;
    var left = Math.max(0, Math.ceil((Number(main.dataset.expires) - Date.now() - skew) / 1000));
    var text = (left >= 3600 ? Math.floor(left / 3600) + ":" + two(Math.floor(left / 60) % 60) : Math.floor(left / 60)) + ":" + two(left % 60);
    line.textContent = line.dataset.left + " " + text;
    line.classList.toggle("soon", left < 120);
    if (left === 0) refresh();
  }
  function two(n) { return (n < 10 ? "0" : "") + n; }
  setInterval(tick, 1000);

  // --- the picture ---------------------------------------------------------------------------------------------------
  // Where a saved picture lands: Android puts a download into the gallery; iPhones offer that on the share sheet only;
  // browsers inside other apps do neither, so there the picture is shown to be held.
  function save(event) {
    var link = event.currentTarget, agent = navigator.userAgent;
    var inside = /\bLine\/|FBAN|FBAV|Instagram|TikTok|musical_ly|; wv\)/.test(agent);
    var apple = /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1);
    if (!inside && !apple) return;
    event.preventDefault();
    if (inside || !navigator.canShare) { hold(link.href); return; }
    fetch(link.href).then(function (answer) { return answer.ok ? answer.blob() : Promise.reject(answer.status); }).then(function (blob) {
      var file = new File([blob], link.download, { type: "image/png" });
      if (!navigator.canShare({ files: [file] })) return hold(link.href);
      return navigator.share({ files: [file] }).catch(function (error) {
        if (error.name !== "AbortError") hold(link.href);
      });
    }).catch(function () { hold(link.href); });
  }
  function hold(address) {
    sheet.querySelector("img").src = address;
    sheet.hidden = false;
    sheet.querySelector("button").focus();
  }
  function unhold() {
    if (sheet.hidden) return;
    sheet.hidden = true;
    var link = main.querySelector("[data-save]");
    if (link) link.focus();
  }
  sheet.querySelector("button").addEventListener("click", unhold);
  // In a frame the page around this one hears no key: what nothing here closes, it is told to close.
  addEventListener("keydown", function (event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (!sheet.hidden) unhold();
    else if (window.parent !== window && main.dataset.around) window.parent.postMessage({ source: "paygate", type: "escape" }, main.dataset.around);
  });

  // --- the slip ------------------------------------------------------------------------------------------------------
  function send(form) {
    var file = form.querySelector("input[type=file]").files[0], bar = form.querySelector("progress"), said = form.querySelector(".said");
    if (!file) return;
    if (file.size > 5 * 1048576) { tell(said, said.dataset.large); return; }
    var body = new FormData(), request = new XMLHttpRequest(), button = form.querySelector("button");
    body.append("file", file);
    button.disabled = true;
    bar.hidden = false;
    bar.value = 0;
    tell(said, said.dataset.sending);
    request.upload.onprogress = function (event) { if (event.lengthComputable) bar.value = 100 * event.loaded / event.total; };
    request.onloadend = function () {
      var found = null, lang = document.documentElement.lang;
      try { found = JSON.parse(request.responseText); } catch (error) { found = null; }
      button.disabled = false;
      bar.hidden = true;
      var words = found && (found.payerMessage || (typeof found.message === "object" && found.message));
      words = words ? words[lang] : said.dataset[{ 400: "unread", 413: "large" }[request.status] || "failed"];
      tell(said, words + (found && found.requestId ? " (" + said.dataset.ref + " " + found.requestId + ")" : ""));
      if (request.status === 200 || request.status === 202) ask();
    };
    request.open("POST", api + "/slip");
    request.setRequestHeader("X-Client-Secret", secret);
    request.send(body);
  }
  function tell(said, words) { said.textContent = words; said.hidden = false; }

  // --- each screen ---------------------------------------------------------------------------------------------------
  function begin() {
    var link = main.querySelector("[data-save]"), form = main.querySelector("[data-slip]"), print = main.querySelector("[data-print]");
    if (link) link.addEventListener("click", save);
    if (form) {
      form.addEventListener("submit", function (event) { event.preventDefault(); send(form); });
      form.querySelector("input[type=file]").addEventListener("change", function () { send(form); });
    }
    if (print) {
      print.hidden = false;
      print.addEventListener("click", function () { window.print(); });
    }
    tick();
    announce();
    clearTimeout(leaving);
    // Once: who comes back from the shop wants to see the receipt.
    if (main.dataset.returns && !main.dataset.around && !(history.state && history.state.returned)) {
      main.querySelector("[data-returning]").hidden = false;
      leaving = setTimeout(function () {
        history.replaceState({ returned: true }, "");
        location.assign(main.dataset.returns);
      }, 3000);
    }
  }
  // The page around this one (a widget's frame, or the page that opened it) hears of each state; only its own origin can read it.
  function announce() {
    var around = main.dataset.around, other = window.parent !== window ? window.parent : window.opener;
    if (!around || !other) return;
    var state = { waiting: "pending", verifying: "pending", review: "pending", under: "pending", over: "pending", reversed: "paid" }[main.dataset.state] || main.dataset.state;
    other.postMessage({ source: "paygate", type: state, paymentId: main.dataset.id, amount: Number(main.dataset.amount), returnUrl: main.dataset.returns || null }, around);
  }
  begin();
})();

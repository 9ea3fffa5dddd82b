"use strict";
// Pages are whole without this: it copies, switches the theme, finds while one types, and sends what is tried.
const root = document.documentElement, body = document.body;
const store = (place, name, value) => {
  try {
    if (value === undefined) return place.getItem(name);
    if (value === null) place.removeItem(name);
    else place.setItem(name, value);
  } catch (error) {
    root.dataset.storage = "none"; // The browser keeps nothing; the page goes on without.
  }
  return null;
};

// --- copying ---
for (const box of document.querySelectorAll(".code")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = body.dataset.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(box.querySelector("pre:not([hidden])").textContent);
    button.textContent = body.dataset.copied;
    setTimeout(() => { button.textContent = body.dataset.copy; }, 2000);
  });
  box.append(button);
}

// --- one language everywhere ---
const tabs = document.querySelectorAll(".tabs > input");
const choose = (name) => { for (const one of tabs) if (one.value === name) one.checked = true; };
const usual = store(localStorage, "paygate-tab");
if (usual) choose(usual);
for (const one of tabs) one.addEventListener("change", () => {
  const before = one.getBoundingClientRect().top;
  choose(one.value);
  scrollBy(0, one.getBoundingClientRect().top - before); // Boxes above may have become longer.
  store(localStorage, "paygate-tab", one.value);
});

// --- light, dark, or as the system is ---
const theme = document.querySelector(".theme"), order = ["auto", "light", "dark"];
const tell = () => {
  const now = root.dataset.theme || "auto";
  theme.setAttribute("aria-label", theme.dataset[now]);
  theme.title = theme.dataset[now];
};
theme.hidden = false;
tell();
theme.addEventListener("click", () => {
  const next = order[(order.indexOf(root.dataset.theme || "auto") + 1) % order.length];
  if (next === "auto") delete root.dataset.theme;
  else root.dataset.theme = next;
  store(localStorage, "paygate-theme", next === "auto" ? null : next);
  tell();
});

// --- the menu of a phone ---
const menu = document.getElementById("menu");
if (menu) {
  const opener = document.querySelector(".open-menu");
  const open = (wanted) => {
    menu.classList.toggle("open", wanted);
    opener.setAttribute("aria-expanded", wanted);
    if (wanted) menu.querySelector(".close-menu").focus();
    else opener.focus();
  };
  opener.setAttribute("role", "button");
  opener.setAttribute("aria-expanded", "false");
  opener.addEventListener("click", (event) => { event.preventDefault(); open(true); });
  menu.querySelector(".close-menu").addEventListener("click", (event) => { event.preventDefault(); open(false); });
  menu.addEventListener("click", (event) => { if (event.target.closest("ul ul a")) menu.classList.remove("open"); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.classList.contains("open")) open(false);
  });
  const here = menu.querySelector("[aria-current]");
  if (here && menu.scrollHeight > menu.clientHeight) menu.scrollTop = Math.max(0, here.offsetTop - 120);
}

// --- finding ---
const find = document.querySelector(".find");
if (find) {
  const input = find.querySelector("input[type=search]"), hits = find.querySelector(".hits"), said = find.querySelector("[role=status]");
  const lang = find.querySelector("input[name=lang]"), query = lang ? "?lang=" + lang.value : "";
  const folded = (text) => text.normalize("NFC").toLowerCase();
  let entries = null, loading = null, on = -1;
  const load = () => {
    loading = loading || fetch(body.dataset.index).then((answer) => answer.json()).then((rows) => {
      entries = rows.map(([url, page, title, text]) => ({ url, page, title, text, t: folded(title), p: folded(page), x: folded(text) }));
    });
    return loading;
  };
  const times = (text, term) => Math.min(4, text.split(term).length - 1);
  const exact = (entry, terms) => {
    let score = 0;
    for (const term of terms) {
      const found = 30 * entry.t.includes(term) + 5 * entry.p.includes(term) + times(entry.x, term);
      if (!found) return 0;
      score += found;
    }
    return score;
  };
  const alike = (entry, grams) => {
    const here = entry.t + " " + entry.p + " " + entry.x;
    const part = (text) => grams.filter((gram) => text.includes(gram)).length / grams.length;
    return part(here) >= 0.6 ? part(here) + part(entry.t) : 0;
  };
  const search = (text) => {
    const asked = folded(text.trim().slice(0, 100)), terms = asked.split(/\s+/).filter(Boolean);
    if (!terms.length) return [];
    const best = (score) => entries.map((entry) => [score(entry), entry]).filter(([n]) => n).sort((a, b) => b[0] - a[0]).slice(0, 20).map(([, entry]) => entry);
    const found = best((entry) => exact(entry, terms));
    if (found.length) return found;
    const grams = [...new Set(Array.from({ length: Math.max(0, asked.length - 2) }, (_, n) => asked.slice(n, n + 3)))];
    return grams.length ? best((entry) => alike(entry, grams)) : [];
  };
  const show = () => {
    const found = search(input.value);
    on = -1;
    hits.replaceChildren(...found.map((entry) => {
      const link = document.createElement("a"), name = document.createElement("b"), text = document.createElement("span");
      const [path, anchor] = entry.url.split("#");
      link.href = path + query + (anchor ? "#" + anchor : "");
      name.textContent = entry.title;
      const at = Math.max(0, entry.x.indexOf(folded(input.value.trim()).split(/\s+/)[0]) - 30);
      text.textContent = (at ? "…" : "") + entry.text.slice(at, at + 140);
      link.append(name);
      if (entry.page !== entry.title) {
        const page = document.createElement("small");
        page.textContent = entry.page;
        link.append(page);
      }
      link.append(text);
      return link;
    }));
    const told = found.length ? body.dataset.results.replace("{n}", found.length) : body.dataset.nothing;
    said.textContent = input.value.trim() ? told : "";
    if (!found.length && input.value.trim()) {
      const none = document.createElement("p");
      none.textContent = told;
      hits.append(none);
    }
    hits.hidden = !input.value.trim();
  };
  input.addEventListener("focus", load);
  input.addEventListener("input", async () => { await load(); show(); });
  find.addEventListener("keydown", (event) => {
    const links = [...hits.querySelectorAll("a")];
    if (event.key === "Escape") {
      hits.hidden = true;
      input.focus();
    }
    if (!links.length || hits.hidden || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    on = Math.max(-1, Math.min(links.length - 1, on + (event.key === "ArrowDown" ? 1 : -1)));
    (on < 0 ? input : links[on]).focus();
  });
  document.addEventListener("click", (event) => { if (!find.contains(event.target)) hits.hidden = true; });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /INPUT|TEXTAREA|SELECT/.test(event.target.tagName)) return;
    event.preventDefault();
    input.focus();
  });
}

// --- trying ---
const TEST_KEY = /^(sk|pk)_test_\w+$/;
const keys = document.querySelectorAll(".try .key");
for (const one of keys) {
  one.value = store(sessionStorage, "paygate-test-key") || "";
  one.addEventListener("input", () => {
    const key = one.value.trim();
    for (const other of keys) if (other !== one) other.value = one.value;
    store(sessionStorage, "paygate-test-key", TEST_KEY.test(key) ? key : null); // For this tab alone; live ones never.
  });
}
for (const form of document.querySelectorAll(".try")) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = form.dataset, outcome = form.querySelector(".outcome"), line = outcome.querySelector(".line");
    const heads = outcome.querySelector(".heads"), text = outcome.querySelector(".text"), picture = outcome.querySelector("img");
    const fail = (words) => {
      outcome.hidden = false;
      line.textContent = words;
      heads.closest("details").hidden = text.parentElement.hidden = picture.hidden = true;
    };
    const headers = {}, key = data.key ? form.elements.key.value.trim() : "";
    if (data.key) {
      if (!TEST_KEY.test(key)) return fail(data.refused);
      headers["X-API-Key"] = key;
    }
    let path = data.path;
    const asked = new URLSearchParams();
    for (const part of form.querySelectorAll("[data-in]")) {
      if (part.dataset.in === "path") path = path.replace("{" + part.name + "}", encodeURIComponent(part.value));
      else if (part.value) asked.set(part.name, part.value);
    }
    let sent;
    if (form.elements.body) {
      sent = form.elements.body.value;
      try {
        JSON.parse(sent);
      } catch (error) {
        return fail(data.badJson + " " + error.message);
      }
      headers["Content-Type"] = "application/json";
    }
    if (data.idempotent) headers["Idempotency-Key"] = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const began = performance.now();
    let answer, blob;
    try {
      answer = await fetch(path + (asked.size ? "?" + asked : ""), { method: data.method, headers, body: sent, credentials: "omit", cache: "no-store" });
      blob = await answer.blob();
    } catch (error) {
      return fail(data.offline + " " + error.message);
    }
    const kind = answer.headers.get("content-type") || "", status = document.createElement("b");
    status.className = "status " + (answer.ok ? "good" : "bad");
    status.textContent = answer.status;
    line.replaceChildren(status, " " + Math.round(performance.now() - began) + " ms");
    heads.textContent = [...answer.headers].map(([name, value]) => name + ": " + value).join("\n");
    picture.hidden = !kind.startsWith("image/");
    if (!picture.hidden) picture.src = URL.createObjectURL(blob);
    text.textContent = /json|text|svg/.test(kind) ? pretty(await blob.text(), kind) : data.bytes.replace("{n}", blob.size);
    heads.closest("details").hidden = text.parentElement.hidden = false;
    outcome.hidden = false;
  });
}

function pretty(text, kind) {
  return /^application\/json/.test(kind) ? JSON.stringify(JSON.parse(text), null, 2) : text;
}

// --- where one is ---
const spots = [...document.querySelectorAll(".rail ul ul a")];
if (spots.length && "IntersectionObserver" in window) {
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const spot of spots) spot.classList.toggle("here", spot.hash.slice(1) === encodeURI(entry.target.id));
    }
  }, { rootMargin: "-80px 0px -70% 0px" });
  for (const head of document.querySelectorAll("article h2[id]")) seen.observe(head);
}

"use strict";
// The token stands behind the `#` of the link: browsers send it to nobody, and this page sends it once, in a body.
const token = location.hash.slice(1);
const form = document.getElementById("form");
const told = document.getElementById("told");
const other = document.getElementById("other");

function tell(text, good) {
  told.textContent = text;
  told.className = good ? "result credit" : "result error";
  told.hidden = false;
  form.hidden = Boolean(good);
}

other.href += location.hash;
if (!token) tell(told.dataset.worthless);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [first, second] = [form.elements.new.value, form.elements.again.value];
  if (first !== second) return tell(told.dataset.differ);
  try {
    const way = token.startsWith("join_") ? "/api/team/accept" : "/api/auth/password/reset";
    const answer = await fetch(way, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, newPassword: first }),
    });
    if (answer.ok) {
      history.replaceState(null, "", location.pathname + location.search);
      return tell(told.dataset.done, true);
    }
    if (answer.status === 401) return tell(told.dataset.worthless);
    tell(answer.status < 500 ? (await answer.json()).message : told.dataset.trouble);
  } catch {
    tell(told.dataset.trouble);
  }
});

// The two buttons of the settings page. What comes back is a list of sentences, shown as text.
(function (setup) {
  'use strict';

  const told = document.querySelector('ul[data-paygate="told"]');
  if (!told) {
    return;
  }
  const show = (lines) => {
    told.replaceChildren(
      ...lines.map((line) => {
        const item = document.createElement('li');
        item.textContent = (line.good === null ? '– ' : line.good ? '✓ ' : '✗ ') + line.text;
        return item;
      })
    );
  };
  const ask = (button) => async () => {
    button.disabled = true;
    show([]);
    try {
      const body = new URLSearchParams({ action: setup.actions[button.dataset.paygate], nonce: setup.nonce });
      const answer = await fetch(setup.address, { method: 'POST', credentials: 'same-origin', body });
      const said = await answer.json();
      show(Array.isArray(said.data) ? said.data : [{ good: false, text: setup.failed }]);
    } catch (error) {
      show([{ good: false, text: setup.failed }]);
    } finally {
      button.disabled = false;
    }
  };
  for (const button of document.querySelectorAll('button[data-paygate]')) {
    button.addEventListener('click', ask(button));
  }
})(window.paygatePromptPay);

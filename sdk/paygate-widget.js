/*! PayGate widget. The page's Content-Security-Policy needs this host in script-src, connect-src, frame-src and img-src. */
((global) => {
  'use strict';
  if (global.PayGate) return;

  // The host that serves this file writes its own address and the words of templates/words/widget.json here.
  const HOST = 'https://paygate.invalid';
  const WORDS = {};
  const STYLE =
    ':host{all:initial;display:block;font:16px/1.6 Sarabun,"Noto Sans Thai",Thonburi,"Leelawadee UI",system-ui,sans-serif}' +
    'button,a{font:inherit;min-height:44px;border:0;border-radius:12px;padding:8px 24px;background:#1a5fd0;color:#fff;cursor:pointer}' +
    '[aria-disabled=true]{opacity:.65;cursor:progress}.paid{background:#0a8a54;cursor:default}' +
    ':focus-visible{outline:3px solid #7fb0ff;outline-offset:2px}' +
    'p{margin:8px 0}p:empty,[hidden]{display:none!important}.bad{color:#c4262e}.done{color:#0a8a54;font-weight:600}' +
    'dialog{border:0;padding:0;margin:auto;width:min(440px,100vw);height:min(820px,100dvh);max-width:none;max-height:none;border-radius:12px;overflow:hidden;background:#fff}' +
    'dialog::backdrop{background:rgba(11,31,58,.6)}' +
    'iframe{border:0;width:100%;height:100%;display:block}' +
    '.close{position:absolute;top:4px;right:4px;width:44px;padding:0;background:#fff;color:#0b1f3a;font-size:24px;line-height:1}' +
    '.else{position:absolute;inset:auto 16px 16px;padding:16px;border-radius:12px;background:#f5f7fa;color:#0b1f3a;text-align:center}' +
    '.else a{display:inline-block;text-decoration:none}' +
    '.qr{display:inline-block;text-align:center;padding:16px;border-radius:12px;background:#fff;color:#0b1f3a}' +
    '.qr{max-width:300px}img{display:block;width:100%}.sum{font-size:28px;font-weight:600}.qr a{background:none;color:#1a5fd0;padding:8px}' +
    '@media(max-width:480px){dialog{border-radius:0}}';
  const ENDS = { PAID: 'paid', EXPIRED: 'expired', CANCELLED: 'cancelled', FAILED: 'error' };
  const FIELDS = ['amount', 'amountToken', 'paymentLink', 'orderId', 'description', 'metadata', 'customerEmail', 'expiryMinutes', 'callbackUrl', 'cancelUrl'];
  const listeners = {};

  // --- events -------------------------------------------------------------------------------------------------------

  const on = (name, listener) => {
    (listeners[name] = listeners[name] || []).push(listener);
    return () => { listeners[name] = listeners[name].filter((one) => one !== listener); };
  };

  /** Tells everyone; false when somebody asked that nothing more happens. A listener that throws stops nobody else. */
  const emit = (name, detail) => (listeners[name] || []).map((listener) => {
    try { return listener(detail); } catch (error) { return void setTimeout(() => { throw error; }); }
  }).indexOf(false) < 0;

  const facts = (asked, payment, more) => ({ paymentId: payment.id, orderId: payment.orderId || asked.given.orderId || null, amount: payment.amount || asked.given.amount || null, ...more });

  const fail = (asked, { code, message, field, requestId }) => {
    console.error('PayGate: ' + message);
    emit('error', facts(asked, asked.payment || {}, { code: code || 'ERROR', message, field: field || null, requestId: requestId || null }));
  };

  // --- what is asked for --------------------------------------------------------------------------------------------

  const read = (given) => {
    const key = String(given.apiKey || '');
    if (/^sk_/.test(key)) throw new Error('PayGate: a secret key (sk_) is in this page. Revoke it, and use a public key (pk_).');
    if (!given.paymentId && !/^pk_/.test(key)) throw new TypeError('PayGate: apiKey must be a public key (pk_live_... or pk_test_...).');
    const lang = /^en/i.test(given.lang || document.documentElement.lang || navigator.language) ? 'en' : 'th';
    const page = address(given.checkoutBaseUrl || HOST);
    return { given, key, page, lang, api: address(given.apiBaseUrl || HOST + '/api/v1'), words: WORDS[lang] };
  };

  const address = (text) => {
    const url = new URL(text, location.href);
    if (!/^https?:$/.test(url.protocol)) throw new TypeError('PayGate: an address must begin with https://.');
    return url.href.replace(/\/+$/, '');
  };

  const place = ({ element, elementId }) => {
    const found = element || document.getElementById(elementId);
    if (!found) throw new Error(`PayGate: there is no element with the id ${elementId}.`);
    return found;
  };

  /** Makes the payment: the same one again while it is open, however often a payer clicks. */
  const create = async (asked) => {
    const body = {};
    for (const name of FIELDS) if (asked.given[name] != null) body[name] = asked.given[name];
    asked.once = asked.once || Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    let answer, told = {};
    try {
      answer = await fetch(asked.api + '/payment/create', {
        method: 'POST',
        headers: { 'X-API-Key': asked.key, 'Content-Type': 'application/json', 'Idempotency-Key': asked.once },
        body: JSON.stringify(body)
      });
      told = await answer.json();
    } catch (error) {
      told = { message: `PayGate could not be reached, or its merchant does not allow pages of ${location.origin}.`, error: 'NETWORK' };
    }
    if (told.transaction) return told.transaction;
    // What the same question could still bring about is asked again; what is wrong for good, the shop has to know.
    const again = !answer || answer.status >= 500 || answer.headers.has('Retry-After');
    if (!again) asked.once = null;
    const shown = (told.payerMessage || {})[asked.lang] || asked.words[!answer ? 'offline' : again ? 'failed' : 'refused'] + (told.requestId ? ` (${told.requestId})` : '');
    throw Object.assign(new Error(told.message), { code: told.error, field: told.field, requestId: told.requestId, shown });
  };

  // --- a payment that is under way ----------------------------------------------------------------------------------

  /** Tells each change of a payment once, whether its page or the server says so first. */
  const follow = (asked, payment, changed) => {
    let said = '', stopped = false, source = null;
    const url = `${asked.api}/payment/${encodeURIComponent(payment.id)}`, secret = payment.clientSecret;
    const heard = (status, returnUrl) => {
      if (stopped || said === status) return;
      said = status;
      if (status !== 'PENDING') stop(status === 'PAID');
      changed(status);
      const name = ENDS[status];
      if (!name) return;
      const go = emit(name, facts(asked, payment, { status, code: status }));
      if (name === 'paid' && go && returnUrl) setTimeout(() => location.assign(returnUrl), 3000);
    };
    // Nobody is stopped from paying late, or on a new QR of the same page: only *whole* is for good.
    const stop = (whole) => {
      stopped = whole;
      clearInterval(timer);
      if (source) source.close();
    };
    const timer = secret && setInterval(async () => {
      if (source && source.readyState === 1) return;
      try {
        const answer = await fetch(url, { headers: { 'X-Client-Secret': secret } });
        if (answer.ok) heard((await answer.json()).transaction.status);
      } catch (error) {
        // No connection: the next question comes by itself.
        said = said || 'PENDING';
      }
    }, 3000);
    if (secret && global.EventSource) {
      source = new EventSource(`${url}/events?clientSecret=${encodeURIComponent(secret)}`);
      source.addEventListener('status', (event) => heard(JSON.parse(event.data).transaction.status));
    }
    return { heard, stop, renew: (id) => { if (id !== payment.id) { payment = { ...payment, id }; said = ''; } } };
  };

  // --- the overlay --------------------------------------------------------------------------------------------------

  const show = (asked, payment, changed, tab) => {
    const page = `${asked.page}/pay/${encodeURIComponent(payment.id)}?origin=${encodeURIComponent(location.origin)}&lang=${asked.lang}`;
    const { origin } = new URL(page), root = document.documentElement, before = root.style.overflow;
    const title = asked.words.title, box = make('div'), host = make('dialog', { 'aria-label': title });
    const frame = make('iframe', { title, allow: navigator.canShare ? 'web-share' : '' }), instead = make('div', { class: 'else' });
    let alive = false, open = true;
    if (asked.followed) asked.followed.stop(true);
    const followed = asked.followed = follow(asked, payment, changed);

    const listen = ({ origin: from, source, data }) => {
      if (from !== origin || source !== (tab || frame.contentWindow) || !data || data.source !== 'paygate') return;
      if (data.type === 'escape') return close();
      alive = instead.hidden = true;
      if (data.type === 'refused') return fail(asked, data);
      if (typeof data.paymentId === 'string') followed.renew(data.paymentId);
      followed.heard(String(data.type).toUpperCase(), /^https?:\/\//.test(data.returnUrl) && data.returnUrl);
    };
    addEventListener('message', listen);
    const blocked = (event) => { if (!event || event.blockedURI.startsWith(origin)) instead.hidden = false; };
    const close = () => {
      if (!open) return;
      open = false;
      removeEventListener('securitypolicyviolation', blocked, true);
      root.style.overflow = before;
      host.close();
      box.remove();
      if (tab) return;
      removeEventListener('message', listen);
      emit('closed', facts(asked, payment));
    };
    if (tab) {
      tab.location.replace(page);
      return { close: () => tab.close() };
    }

    const button = make('button', { class: 'close', type: 'button', 'aria-label': asked.words.close }, '×');
    const link = make('a', { href: page, target: '_blank' }, asked.words.tab);
    link.addEventListener('click', (event) => {
      // Not by the link itself: the page that it opens could not tell us anything.
      const opened = global.open('', '_blank');
      if (!opened) return;
      event.preventDefault();
      tab = opened;
      tab.location.replace(page);
      close();
    });
    instead.hidden = true;
    instead.append(make('p', {}, asked.words.blocked), link);
    addEventListener('securitypolicyviolation', blocked, true);
    // The page speaks as soon as it is there.
    frame.addEventListener('load', () => setTimeout(() => alive || blocked(), 2500));
    button.addEventListener('click', close);
    host.addEventListener('close', close);
    host.append(frame, button, instead);
    shadow(box).append(host);
    document.body.append(box);
    root.style.overflow = 'hidden';
    frame.src = page;
    host.showModal();
    return { close };
  };

  const make = (name, attributes = {}, text = '') => {
    const made = document.createElement(name);
    for (const one of Object.keys(attributes)) made.setAttribute(one, attributes[one]);
    made.textContent = text;
    return made;
  };

  /** A root that the page's styles do not reach. A constructed sheet is no inline style to a CSP. */
  const shadow = (element) => {
    const root = element.attachShadow({ mode: 'open' });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch (error) {
      // Safari before 16.4.
      root.append(make('style', {}, STYLE));
    }
    return root;
  };

  const begin = async (asked, changed) => {
    const { paymentId, clientSecret, overlay } = asked.given, framed = overlay !== false && global.HTMLDialogElement;
    // Now, while the click still counts.
    const tab = framed ? null : global.open('', '_blank');
    try {
      if (!asked.payment) {
        asked.payment = paymentId ? { id: String(paymentId), clientSecret } : await create(asked);
        if (!paymentId) emit('created', facts(asked, asked.payment));
      }
    } catch (error) {
      if (tab) tab.close();
      fail(asked, error);
      throw error;
    }
    const payment = asked.payment;
    if (!framed && !tab) return location.assign(`${asked.page}/pay/${encodeURIComponent(payment.id)}`);
    return show(asked, payment, (status) => {
      if (status !== 'PENDING' && status !== 'PAID') asked.payment = asked.once = null;
      changed(status);
    }, tab);
  };

  // --- for pages ----------------------------------------------------------------------------------------------------

  /** A button that opens the checkout. */
  const renderButton = (options) => {
    const asked = read(options), box = make('div'), root = shadow(box);
    const button = make('button', { type: 'button' }, options.label || asked.words.pay);
    const said = make('p', { class: 'bad', role: 'alert' }), live = make('p', { role: 'status' });
    const changed = (status) => {
      live.textContent = asked.words[ENDS[status]] || '';
      button.disabled = status === 'PAID';
      if (button.disabled) button.className = 'paid';
    };
    // Not `disabled` meanwhile: the focus would be lost, and could not come back after the overlay.
    const busy = (is) => button.setAttribute('aria-disabled', is);
    button.addEventListener('click', async () => {
      if (button.getAttribute('aria-disabled') === 'true') return;
      said.textContent = '';
      busy(true);
      try {
        await begin(asked, changed);
      } catch (error) {
        said.textContent = error.shown || asked.words.failed;
      }
      busy(false);
    });
    root.append(button, said, live);
    place(options).append(box);
    return { remove: () => box.remove() };
  };

  /** The QR itself on the page, with the amount and what becomes of it. */
  const renderQr = (options) => {
    const asked = read(options), box = make('div'), card = make('div', { class: 'qr' });
    const live = make('p', { role: 'status' }, asked.words.making);
    card.append(live);
    shadow(box).append(card);
    place(options).append(box);
    const begun = async () => {
      const payment = asked.payment = await create(asked), sum = '฿' + payment.payableAmount.toLocaleString('en-US', { minimumFractionDigits: 2 });
      const picture = make('img', { alt: `${asked.words.qr} ${sum}` }), file = (kind) => `${asked.page}/qr/${encodeURIComponent(payment.id)}.${kind}?card=${asked.lang}`;
      // Where img-src does not have this host: the QR itself, which its card would be around.
      picture.addEventListener('error', () => {
        picture.src = payment.qrCode;
        picture.after(make('p', { class: 'sum' }, sum));
      }, { once: true });
      picture.src = file('svg');
      const save = make('a', { href: file('png'), target: '_blank', download: '' }, asked.words.save);
      card.prepend(picture, save);
      if (payment.payableAmount !== payment.amount) card.append(make('p', {}, asked.words.exact.replace('{amount}', sum)));
      if (payment.mode === 'test') card.append(make('p', { class: 'bad' }, 'TEST'));
      live.textContent = asked.words.scan;
      emit('created', facts(asked, payment));
      asked.followed = follow(asked, payment, (status) => {
        if (status === 'PENDING') return;
        picture.remove();
        save.remove();
        live.textContent = asked.words[ENDS[status]];
        live.className = status === 'PAID' ? 'done' : '';
      });
    };
    begun().catch((error) => {
      live.textContent = error.shown || asked.words.failed;
      live.className = 'bad';
      fail(asked, error);
    });
    return { remove: () => { if (asked.followed) asked.followed.stop(true); box.remove(); } };
  };

  /** The checkout, now: of a new payment, or of one that your server made ({paymentId}). Call it in a click. */
  const open = async (options) => {
    const asked = read(options), shown = await begin(asked, () => {});
    return { ...shown, paymentId: (asked.payment || {}).id };
  };

  global.PayGate = Object.freeze({ renderButton, renderQr, open, on });
})(window);

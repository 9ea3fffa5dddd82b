// The way to pay in WooCommerce's block checkout. No build step: it uses what WooCommerce and WordPress have loaded.
(function (wc, wp) {
  'use strict';

  const NAME = 'paygate_promptpay';
  const data = wc.wcSettings.getSetting(NAME + '_data', {});
  const element = wp.element.createElement;
  const text = wp.htmlEntities.decodeEntities;

  const Label = () =>
    element(
      'span',
      { style: { display: 'inline-flex', alignItems: 'center', gap: '8px' } },
      element('img', { src: data.icon, alt: '', width: 24, height: 24 }),
      text(data.title || '')
    );
  const Content = () =>
    element(
      'div',
      null,
      element('p', null, text(data.description || '')),
      data.testNotice ? element('p', null, element('strong', null, data.testNotice)) : null
    );

  wc.wcBlocksRegistry.registerPaymentMethod({
    name: NAME,
    label: element(Label),
    ariaLabel: text(data.title || ''),
    content: element(Content),
    edit: element(Content),
    canMakePayment: () => true,
    placeOrderButtonLabel: data.button,
    supports: { features: data.supports || ['products'] },
  });
})(window.wc, window.wp);

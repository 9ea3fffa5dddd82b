// Tasker, action "JavaScriptlet" (Auto Exit on). It makes %body and %signature for the action "HTTP Request" after it.
// Before it, set the task's variables %sender, %text and %secret.
function sha256(bytes) {
  var k = [], h = [], n = 2, i, j;
  function part(x) { return ((x - Math.floor(x)) * 4294967296) | 0; }
  while (k.length < 64) {
    for (i = 2; i * i <= n && n % i; i++) {}
    if (i * i > n) { if (h.length < 8) h.push(part(Math.pow(n, 1 / 2))); k.push(part(Math.pow(n, 1 / 3))); }
    n++;
  }
  var long = bytes.length * 8, m = bytes.concat([128]);
  while (m.length % 64 !== 56) m.push(0);
  for (i = 7; i >= 0; i--) m.push(Math.floor(long / Math.pow(256, i)) & 255);
  function turn(x, by) { return (x >>> by) | (x << (32 - by)); }
  for (i = 0; i < m.length; i += 64) {
    var w = [], s = h.slice();
    for (j = 0; j < 64; j++) {
      if (j < 16) w[j] = (m[i + 4 * j] << 24) | (m[i + 4 * j + 1] << 16) | (m[i + 4 * j + 2] << 8) | m[i + 4 * j + 3];
      else {
        var a = w[j - 15], b = w[j - 2];
        w[j] = (w[j - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[j - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
      }
      var one = (s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[j] + w[j]) | 0;
      var two = ((turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]))) | 0;
      s = [(one + two) | 0, s[0], s[1], s[2], (s[3] + one) | 0, s[4], s[5], s[6]];
    }
    for (j = 0; j < 8; j++) h[j] = (h[j] + s[j]) | 0;
  }
  var out = [];
  for (i = 0; i < 32; i++) out.push((h[i >> 2] >>> (24 - 8 * (i % 4))) & 255);
  return out;
}
function utf8(text) {
  return unescape(encodeURIComponent(text)).split("").map(function (c) { return c.charCodeAt(0); });
}
function hmac(key, text) {
  var k = utf8(key), inner = [], outer = [], i;
  if (k.length > 64) k = sha256(k);
  for (i = 0; i < 64; i++) { inner.push((k[i] || 0) ^ 54); outer.push((k[i] || 0) ^ 92); }
  return sha256(outer.concat(sha256(inner.concat(utf8(text))))).map(function (b) { return (256 + b).toString(16).slice(1); }).join("");
}
var now = new Date();
var body = JSON.stringify({ text: text, sender: sender, receivedAt: now.toISOString(), nonce: "tasker-" + now.getTime() });
var stamp = Math.floor(now.getTime() / 1000);
var signature = "t=" + stamp + ",v1=" + hmac(secret, stamp + "." + body);

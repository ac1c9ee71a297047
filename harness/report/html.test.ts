import vm from 'node:vm';
import test from 'ava';
import { html, inlineJson, inlineScript } from './html.ts';

test('what a template takes in is escaped, in text and in attributes', (t) => {
  const hostile = `<img src=x onerror='alert("1")'>&`;
  t.is(html`<p title="${hostile}">${hostile}</p>`.text.match(/[<>]/g)?.length, 4);
  t.false(html`<p title="${hostile}"></p>`.text.includes(`onerror='`));
});

test('markup is taken as it is, lists are joined, what is missing leaves nothing behind', (t) => {
  t.is(html`<ul>${[html`<li>a</li>`, html`<li>b</li>`]}${undefined}${false}${0}</ul>`.text, '<ul><li>a</li><li>b</li>0</ul>');
});

test('JSON cannot end its script element, and reads back as it was', (t) => {
  const value = { why: '</script><!-- \u2028' };
  const { text } = inlineJson(value);
  t.false(/[<\u2028]/.test(text));
  t.deepEqual(JSON.parse(text), value);
});

test('a program cannot end its script element, and still means the same', (t) => {
  const { text } = inlineScript("['</script>', '<!--', /<\\/script>/.test('</script>')]");
  t.is(text.match(/<\/script/g)?.length, 1);
  t.deepEqual([...(vm.runInNewContext(text.slice('<script>'.length, -'</script>'.length)) as unknown[])], ['</script>', '<!--', true]);
});

// Small helpers for the page.

// element('button', {class: 'x', onclick: f}, 'text', child, ...)
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter(child => child !== undefined && child !== null && child !== ''));
  return node;
}

export const button = (label, onclick, more = {}) =>
  element('button', { type: 'button', class: 'course-button', onclick, ...more }, label);

export const number = value => String(Math.round(value * 100) / 100);

export const plural = (count, what) => `${count} ${what}${count === 1 ? '' : 's'}`;

// Markdown with formulas, as JupyterLab draws it; `host` stands in the page already.
export async function markdown(lab, rendermime, host, text) {
  const renderer = rendermime.createRenderer('text/markdown');
  host.replaceChildren();
  lab.Widget.attach(renderer, host);
  await renderer.renderModel(rendermime.createModel({ data: { 'text/markdown': text } }));
}

// Runs what a button starts: the button waits meanwhile, and a failure is told in `out`.
export async function busy(control, out, work) {
  if (control.getAttribute('aria-busy') === 'true') return;
  control.setAttribute('aria-busy', 'true');
  try {
    return await work();
  } catch (error) {
    out.replaceChildren(element('p', { class: error.later ? 'course-later' : 'course-problem' }, error.message));
  } finally {
    control.removeAttribute('aria-busy');
  }
}

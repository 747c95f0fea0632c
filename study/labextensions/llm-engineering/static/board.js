// The study group's board, in a tab: the page as the host's watch wrote it, without any power, and one's own name on it.

import { busy, button, element } from './dom.js';

// tools: {lab, app, ask}
export function showBoard(tools, { page, name }) {
  const scheme = document.body.dataset.jpThemeLight === 'false' ? 'dark' : 'light';  // JupyterLab's, not the system's
  const frame = element('iframe', { sandbox: '', title: "The group's board",
    srcdoc: page.replace('<html', `<html style="color-scheme: ${scheme}"`) || 'Nothing was handed in yet.' });
  const own = element('input', { 'aria-label': 'Your name on the board', value: name, maxlength: 40 });
  const out = element('span', { 'aria-live': 'polite' });
  const tell = (control, body, said) => busy(control, out, async () => {
    await tools.ask('board', body);
    out.textContent = `${said} The page changes when the host looks again.`;
  });
  const join = button(name ? 'Change' : 'Stand on it', () => tell(join, { name: own.value }, 'Done.'));
  const leave = button('Leave', () => tell(leave, { leave: true }, 'You stand on it no longer.'));
  const widget = new tools.lab.Widget({ node: element('div', { class: 'course-panel course-board' },
    element('div', { class: 'course-bar' }, element('label', {}, 'Your name on it ', own), join, leave, out), frame) });
  widget.id = `course-board-${Date.now()}`;
  widget.title.label = 'Group';
  widget.title.closable = true;
  tools.app.shell.add(widget, 'main');
  tools.app.shell.activateById(widget.id);
}

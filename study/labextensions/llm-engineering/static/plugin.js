// The plugin: commands, a desk for every notebook of the course, the panel.

import { course } from './course.js';
import { element } from './dom.js';
import { Desk } from './notebook.js';
import { countTime } from './time.js';
import { CoursePanel } from './panel.js';

export default function plugin(lab) {
  return {
    id: 'llm-engineering:plugin',
    description: 'Verdicts in the notebook, the map of the course, cards.',
    autoStart: true,
    requires: [lab.INotebookTracker, lab.IRenderMimeRegistry],
    optional: [lab.ILayoutRestorer, lab.ICommandPalette],
    activate: (app, tracker, rendermime, restorer, palette) => activate(lab, app, tracker, rendermime, restorer, palette),
  };
}

function activate(lab, app, tracker, rendermime, restorer, palette) {
  document.head.append(element('link', { rel: 'stylesheet', href: String(new URL('style.css', import.meta.url)) }));
  const ask = course(lab);
  const desks = new Map();
  const panel = new CoursePanel({ lab, app, ask, rendermime, desk: path => desks.get(path) });
  const tools = { lab, ask, rendermime, onprogress: () => panel.refresh() };

  tracker.widgetAdded.connect(async (_, notebook) => {
    const desk = await Desk.open(tools, notebook);
    if (!desk) return;
    const path = notebook.context.path;
    desks.set(path, desk);
    notebook.disposed.connect(() => desks.delete(path));
    panel.opened(path);
    app.commands.notifyCommandChanged();
  });

  const here = () => tracker.currentWidget && desks.get(tracker.currentWidget.context.path);
  const isEnabled = () => Boolean(here());
  countTime(() => here()?.section, ask);
  app.commands.addCommand('course:check', {
    label: 'Check all', caption: 'Judge the whole notebook, hidden tests too', isEnabled,
    execute: () => here()?.check(),
  });
  app.commands.addCommand('course:check-exercise', {
    label: 'Check This Exercise', caption: 'Judge the exercise of the selected cell, hidden tests too',
    isEnabled: () => Boolean(here()?.current()),
    execute: () => here()?.check(here().current()),
  });
  for (const command of ['course:check', 'course:check-exercise']) palette?.addItem({ command, category: 'LLM engineering' });

  followLinks(panel);
  app.shell.add(panel.widget, 'left', { rank: 10 });
  restorer?.add(panel.widget, 'llm-engineering');
  app.restored.then(() => { if (!tracker.size) app.shell.activateById(panel.widget.id); });
}

// A link to a section's notebook, in any text: it is fetched where it is not there yet.
function followLinks(panel) {
  document.body.addEventListener('click', event => {
    const link = event.target.closest?.('a[href]');
    const section = link?.pathname.match(/\/(\d\d-[\w-]+)\/\1\.ipynb$/)?.[1];
    if (!section || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();  // JupyterLab would open it, and find nothing
    panel.go(section);
  }, true);
}

// A mock interview in a tab of its own: the answer is written before its points are shown; then code; then a report.

import { busy, button, element, markdown, number, plural } from './dom.js';

const TICK = 1000;

export class Interview {
  // tools: {lab, app, ask, rendermime, go(section, exercise), desk(path), refresh()}
  constructor(tools) {
    Object.assign(this, { tools, ask: tools.ask, answers: [], task: null });
    this.page = element('div', { class: 'course-panel course-interview' });
    this.clock = element('span', { class: 'course-note', role: 'timer' });
    this.widget = new tools.lab.Widget({ node: this.page });
    this.widget.id = `course-interview-${Date.now()}`;
    this.widget.title.label = 'Mock interview';
    this.widget.title.closable = true;
    this.widget.disposed.connect(() => clearInterval(this.ticking));
  }

  async open() {
    this.tools.app.shell.add(this.widget, 'main');
    this.tools.app.shell.activateById(this.widget.id);
    await this.guarded(() => this.settings());
  }

  async guarded(work) {
    try {
      await work();
    } catch (error) {
      this.page.append(element('p', { class: 'course-problem', 'aria-live': 'polite' }, error.message));
    }
  }

  async settings() {
    const { themes, levels } = await this.ask('themes');
    const choice = (label, values) => element('select', { 'aria-label': label },
      ...values.map(([value, text]) => element('option', { value }, text)));
    const minutes = choice('minutes', [15, 30, 45, 60].map(m => [m, `${m} minutes`]));
    const theme = choice('theme', [['', 'all themes'], ...themes.map(t => [t, t])]);
    const level = choice('level', [['', 'all levels'], ...levels.map(l => [l, l])]);
    minutes.value = 30;
    const start = button('Start', () => busy(start, this.problem, async () => {
      this.plan = await this.ask('interview', { minutes: Number(minutes.value), theme: theme.value || null, level: level.value || null });
      this.begin();
    }));
    this.problem = element('div', { 'aria-live': 'polite' });
    this.page.replaceChildren(element('h2', {}, 'Mock interview'),
      element('p', {}, 'Your weakest cards come first. Write each answer as you would say it; its points open afterwards, and you '
        + 'mark those that you said. A good answer gets a follow-up. From 30 minutes on there is code to write.'),
      element('div', { class: 'course-bar' }, minutes, theme, level, start), this.problem);
    start.focus();
  }

  begin() {
    this.waiting = [...this.plan.questions];
    this.end = Date.now() + 60_000 * this.plan.minutes;
    this.ticking = setInterval(() => this.tick(), TICK);
    this.tick();
    this.next();
  }

  tick() {
    const left = Math.max(0, Math.round((this.end - Date.now()) / 1000));
    this.clock.textContent = left ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} left` : 'Time is over: finish this one.';
  }

  next() {
    const over = Date.now() >= this.end;
    if (this.waiting.length && !over) return this.guarded(() => this.question(this.waiting.shift()));
    if (this.plan.task && !this.task && !over) return this.code();
    return this.guarded(() => this.finish());
  }

  frame(title, ...children) {
    this.page.replaceChildren(element('div', { class: 'course-bar' }, element('h2', {}, title), this.clock,
      button('End the interview', () => this.guarded(() => this.finish()))), ...children);
  }

  async question(question, follows = false) {
    const { card, points, follow_up: followUp } = question;
    const began = Date.now();
    const asked = element('div', { class: 'course-text' });
    const written = element('textarea', { rows: 8, 'aria-label': 'Your answer' });
    const marks = element('fieldset', { hidden: true }, element('legend', {}, 'Which of these did you say?'));
    const show = button('Show the points', async () => {
      written.readOnly = true;
      choice.remove();
      marks.hidden = false;
      const boxes = points.map(() => element('input', { type: 'checkbox' }));
      for (const [i, point] of points.entries()) {
        const text = element('span', { class: 'course-text' });
        marks.append(element('label', { class: 'course-point' }, boxes[i], text));
        await markdown(this.tools.lab, this.tools.rendermime, text, point);
      }
      marks.append(button('Next', () => {
        const said = boxes.flatMap((box, i) => (box.checked ? [i] : []));
        this.answers.push({ card: card.id, text: written.value, said, seconds: Math.round((Date.now() - began) / 1000) });
        const good = said.length / points.length >= this.plan.enough;
        if (followUp && good && Date.now() < this.end) this.guarded(() => this.question(followUp, true));
        else this.next();
      }));
      boxes[0].focus();
    }, { disabled: true });
    const choice = element('div', { class: 'course-bar' }, show,
      button('I do not know', () => { written.value ||= '(not known)'; show.disabled = false; show.click(); }));
    written.addEventListener('input', () => { show.disabled = !written.value.trim(); });
    this.frame(`Question ${this.answers.length + 1}${follows ? ', a follow-up' : ''}`, element('p', { class: 'course-note' }, `${card.section} · ${card.level}`),
      asked, written, choice, marks);
    await markdown(this.tools.lab, this.tools.rendermime, asked, `**${card.question}**`);
    written.focus();
  }

  code() {
    const { section, exercise } = this.plan.task;
    const out = element('div', { class: 'course-out', 'aria-live': 'polite' });
    const path = `${section}/${section}.ipynb`;
    const open = button('Empty its stub and open it', () => busy(open, out, async () => {
      await this.ask('fetch', { section });
      await this.tools.desk(path)?.panel.context.save();
      await this.ask('reset', { section, exercise });
      await this.tools.desk(path)?.panel.context.revert();
      await this.tools.go(section, exercise);
    }));
    const judge = button('I am done: check it', () => busy(judge, out, async () => {
      await this.tools.desk(path)?.panel.context.save();
      const result = (await this.ask('verdict', { path, exercise })).exercises[0];
      this.task = { section, exercise, score: Math.round(result.score), max_score: Math.round(result.max_score) };
      out.replaceChildren(element('p', {}, `${number(result.score)} of ${plural(result.max_score, 'point')}`),
        button('To the report', () => this.guarded(() => this.finish())));
    }));
    this.frame('Code', element('p', {}, `Write ${exercise} of ${section} from an empty stub, in its notebook. What you have there now is kept.`),
      element('div', { class: 'course-bar' }, open, judge), out);
  }

  async finish() {
    clearInterval(this.ticking);
    if (!this.answers.length && !this.task) return this.settings();
    const { path, text } = await this.ask('report', { answers: this.answers, task: this.task, unasked: this.waiting.length });
    const report = element('div', { class: 'course-text' });
    this.page.replaceChildren(element('p', { class: 'course-note' }, `Kept as ${path}`), report);
    await markdown(this.tools.lab, this.tools.rendermime, report, text);
    await this.tools.refresh();
  }
}

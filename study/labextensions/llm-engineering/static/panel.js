// The panel in the left sidebar: what to do next, the cards of today, the map of all sections, the day of the interview.

import { showBoard } from './board.js';
import { Cards } from './cards.js';
import { busy, button, element, number, plural } from './dom.js';
import { Interview } from './interview.js';
import { showReviews } from './reviews.js';

const ORDER = 'course-order';  // how the learner likes the map: as the guide has it, or by theme
const hours = minutes => number(Math.round(minutes / 6) / 10);
const titled = section => `${section.name.slice(0, 2)} ${section.title}`;
const percent = share => `${Math.round(100 * share)} %`;

export class CoursePanel {
  // tools: {lab, app, ask, rendermime, desk(path)}
  constructor(tools) {
    Object.assign(this, tools, { open: new Set(), wanted: new Map(), cards: undefined });
    this.top = element('div', { class: 'course-top' });
    this.map = element('div', { class: 'course-map' });
    this.out = element('div', { class: 'course-out', 'aria-live': 'polite' });
    const widget = new this.lab.Widget({ node: element('div', { class: 'course-panel' }, this.top, this.out, this.map) });
    widget.id = 'llm-engineering-panel';
    widget.title.caption = 'LLM engineering';
    widget.title.label = 'Course';
    this.widget = widget;
    this.refresh();
  }

  async refresh() {
    try {
      this.course = await this.ask('map');
    } catch (error) {
      this.out.replaceChildren(element('p', { class: 'course-problem' }, error.message));
      return;
    }
    this.draw();
  }

  draw() {
    const { sections, next, today, unread, group, reviews } = this.course;
    const done = sections.reduce((sum, s) => sum + s.passed, 0), all = sections.reduce((sum, s) => sum + s.coded, 0);
    const asked = today.due + today.new;
    this.top.replaceChildren(
      element('h2', {}, 'LLM engineering'),
      element('p', {}, `${done} of ${plural(all, 'exercise')} passed`), bar(done / all),
      element('div', { class: 'course-bar' },
        next ? button(`Next: ${next.exercise}`, () => this.go(next.section, next.exercise), { title: next.section }) : '',
        button(asked ? `Cards of today (${asked})` : 'Cards', event => this.ask_cards(event.target)),
        button('Ready for …', event => this.ready(event.target)),
        button('Mock interview', () => new Interview(this).open()),
        group ? button('Group', event => this.board(event.target)) : '',
        reviews ? button(`Review answers (${reviews})`, event => this.review(event.target)) : ''),
      ...today.again.map(({ section, exercise }) => element('p', { class: 'course-note' }, 'Solve again: ',
        button(exercise, () => this.go(section, exercise), { title: `${section}: from an empty stub` }))),
      unread ? element('p', { class: 'course-note' }, `${plural(unread, 'line')} of the record could not be read.`) : '');
    this.map.replaceChildren(this.switch(), ...this.groups(sections).flatMap(([theme, rows]) => [
      theme ? element('h3', {}, theme) : '', ...rows.map(row => this.row(row))]).filter(Boolean));
  }

  switch() {
    const themes = localStorage.getItem(ORDER) === 'theme';
    return element('div', { class: 'course-bar' }, button(themes ? 'In the guide\'s order' : 'By theme', () => {
      localStorage.setItem(ORDER, themes ? 'guide' : 'theme');
      this.draw();
    }));
  }

  groups(sections) {
    if (localStorage.getItem(ORDER) !== 'theme') return [['', sections]];
    return Object.entries(Object.groupBy(sections, section => section.theme));
  }

  row(section) {
    const { name, points, max_points: most, passed, coded, minutes, worked, needs, due, exercises } = section;
    const needed = this.course.sections.filter(other => needs.includes(other.name));
    const time = minutes && `${worked >= 60 ? `${hours(worked / 60)} of ` : ''}${hours(minutes)} h`;
    const more = element('details', { class: 'course-section', open: this.open.has(name) },
      element('summary', {}, element('span', { class: 'course-title' }, titled(section)),
        element('span', { class: 'course-note' }, `${number(points)} of ${plural(most, 'point')}`
          + `${due ? ` · ${plural(due, 'card')} due` : ''}${time ? ` · ${time}` : ''}`),
        bar(passed / coded)),
      needed.length ? element('p', { class: 'course-note' }, 'Builds on ', ...needed.map(other =>
        element('button', { type: 'button', class: 'course-link', onclick: () => this.go(other.name) }, `${titled(other)} `))) : '',
      element('ul', {}, ...exercises.filter(e => e.max_score).map(e => this.exercise(name, e))),
      element('div', { class: 'course-bar' }, button(section.fetched ? 'Open' : 'Fetch and open', () => this.go(name)),
        section.fetched ? button('Submit …', event => this.submit(event.target, name)) : ''));
    more.addEventListener('toggle', () => this.open[more.open ? 'add' : 'delete'](name));
    return more;
  }

  exercise(section, { id, passed, solo, score, max_score: most, due, ratios }) {
    const fastest = Math.min(...Object.values(ratios));
    const state = due ? '↻ solve again' : passed ? (solo ? '✓' : '✓ with its solution')
      : score ? `${number(score)} / ${number(most)}` : `${number(most)}`;
    const speed = Number.isFinite(fastest) ? `, ${fastest.toPrecision(2)} × reference` : '';
    return element('li', {}, element('button', { type: 'button', class: 'course-link', onclick: () => this.go(section, id) }, id),
      element('span', { class: `course-${passed ? 'pass' : 'open'}` }, ` ${state}${speed}`));
  }

  // Open a section's notebook, fetched where it is not there yet, at an exercise.
  async go(section, exercise) {
    try {
      const { path } = await this.ask('fetch', { section });
      await this.app.commands.execute('docmanager:open', { path });
      if (!exercise) return;
      if (this.desk(path)) this.desk(path).show(exercise);
      else this.wanted.set(path, exercise);  // its desk is not ready yet
    } catch (error) {
      this.out.replaceChildren(element('p', { class: 'course-problem' }, error.message));
    }
  }

  // Save, show what changed since the last time, ask, hand in.
  submit(control, section) {
    return busy(control, this.out, async () => {
      await this.desk(`${section}/${section}.ipynb`)?.panel.context.save();
      const { changes, again } = await this.ask('changes', { section });
      const body = element('div', { class: 'course-changes' },
        element('p', {}, changes.length ? `${plural(changes.length, 'answer')} changed${again ? ' since you handed it in last' : ''}:`
          : `Nothing was written ${again ? 'since you handed it in last' : 'in it yet'}.`),
        ...changes.flatMap(change => [element('p', { class: 'course-head' }, change.exercise), element('pre', {}, change.lines.join('\n'))]));
      const answer = await this.lab.showDialog({
        title: `Hand in ${section}?`, body: new this.lab.Widget({ node: body }),
        buttons: [this.lab.Dialog.cancelButton(), this.lab.Dialog.okButton({ label: 'Hand in' })],
      });
      if (!answer.button.accept) return;
      const receipt = await this.ask('submit', { section });
      this.out.replaceChildren(element('div', { class: 'course-card' }, element('p', { class: 'course-head' }, `Handed in: ${section}`),
        element('p', {}, receipt.when), element('p', { class: 'course-digest' }, `SHA-256 ${receipt.digest}`),
        button('Close', () => this.out.replaceChildren())));
    });
  }

  opened(path) {
    const exercise = this.wanted.get(path);
    this.wanted.delete(path);
    if (exercise) this.desk(path).show(exercise);
    this.refresh();
  }

  ask_cards(control) {
    return busy(control, this.out, async () => {
      await new Cards(this, this.out).start();
    });
  }

  board(control) {
    return busy(control, this.out, async () => showBoard(this, await this.ask('board')));
  }

  review(control) {
    return busy(control, this.out, async () => showReviews(this, (await this.ask('reviews')).reviews));
  }

  ready(control) {
    return busy(control, this.out, async () => {
      const day = element('input', { type: 'date', 'aria-label': 'Day of the interview', value: localStorage.getItem('course-day') ?? '' });
      const answer = element('div', {});
      const show = () => busy(day, answer, async () => {
        localStorage.setItem('course-day', day.value);
        const found = await this.ask('ready', { day: day.value });
        answer.replaceChildren(
          element('p', {}, `On that day you would know ${percent(found.ready)} of all cards, if you did nothing until then. `
            + `To have asked all by then: about ${Math.ceil(found.minutes)} minutes a day.`),
          ...Object.entries(found.themes).map(([theme, part]) => element('div', {},
            element('span', { class: 'course-note' }, `${theme}: ${percent(part.ready)}, ${part.asked} of ${part.cards} asked`),
            bar(part.ready))));
      });
      day.addEventListener('change', show);
      this.out.replaceChildren(element('div', { class: 'course-card' },
        element('label', {}, 'Your interview is on ', day), answer,
        element('div', { class: 'course-bar' }, button('Close', () => this.out.replaceChildren()))));
      if (day.value) await show();
    });
  }
}

function bar(share) {
  const width = Number.isFinite(share) ? 100 * share : 0;
  return element('div', { class: 'course-progress', role: 'img', 'aria-label': percent(width / 100) },
    element('div', { style: `width: ${width}%` }));
}

// One open notebook of the course: a box under each stub, checks of one exercise or all.

import { Box } from './box.js';
import { number, plural } from './dom.js';

const stubOf = cell => {
  const known = cell.model.getMetadata?.('nbgrader') ?? {};
  return cell.model.type === 'code' && known.solution && !known.grade ? known.grade_id : undefined;
};

export class Desk {
  // Resolves to undefined for a notebook that is none of the course's.
  static async open(tools, panel) {
    await panel.context.ready;
    const desk = new Desk(tools, panel);
    try {
      Object.assign(desk, await desk.ask('notebook', { path: panel.context.path }));
    } catch {
      return undefined;
    }
    desk.ask('warm', { section: desk.section }).catch(() => {});  // whoever checks hears what is wrong
    desk.furnish();
    panel.content.model.cells.changed.connect(() => desk.furnish());
    panel.content.modelChanged?.connect(() => desk.furnish());
    panel.content.node.addEventListener('toggle', event => desk.opened(event), true);  // which does not bubble
    return desk;
  }

  constructor(tools, panel) {
    Object.assign(this, tools, { panel, boxes: new Map(), section: '', exercises: {} });
    this.changed = () => this.refresh();
  }

  // Put a box under every stub that has none: cells come and go, and are drawn when they are scrolled to.
  furnish() {
    for (const cell of this.panel.content.widgets) {
      const exercise = stubOf(cell);
      if (!exercise || !this.exercises[exercise] || cell.courseBox) continue;
      const box = new Box({ ...this, check: e => this.check(e), changed: this.changed }, exercise, this.exercises[exercise]);
      cell.courseBox = box;
      this.boxes.set(exercise, box);
      cell.ready.then(() => !cell.isDisposed && cell.layout.addWidget(new this.lab.Widget({ node: box.node })));
    }
  }

  // The exercise that the active cell belongs to: the last stub at or above it.
  current() {
    const { widgets, activeCellIndex } = this.panel.content;
    for (let i = activeCellIndex; i >= 0; i--) {
      const exercise = widgets[i] && stubOf(widgets[i]);
      if (exercise) return exercise;
    }
    return undefined;
  }

  // Save, judge, show. All exercises where none is named.
  async check(exercise) {
    const chosen = exercise ? [this.boxes.get(exercise)].filter(Boolean) : [...this.boxes.values()];
    if (chosen.some(box => box.checkButton.getAttribute('aria-busy') === 'true')) return;
    const wait = on => chosen.forEach(box => box.checkButton.setAttribute('aria-busy', on));
    wait('true');
    if (exercise) chosen.forEach(box => box.waiting());
    try {
      await this.panel.context.save();
      const result = await this.ask('verdict', { path: this.panel.context.path, exercise: exercise ?? null });
      for (const judged of result.exercises) this.boxes.get(judged.id)?.judged(judged);
      await this.refresh();
      if (!exercise) this.summary(result);
      for (const sentence of [...result.repairs, result.forgotten].filter(Boolean)) {
        this.lab.Notification.warning(sentence, { autoClose: 10000 });
      }
    } catch (error) {
      if (exercise) chosen.forEach(box => box.tell(error.message));
      else this.lab.Notification.error(error.message, { autoClose: 10000 });
    } finally {
      wait('false');
    }
  }

  summary(result) {
    const coded = result.exercises.filter(e => e.max_score);
    const passed = coded.filter(e => e.passed).length;
    this.lab.Notification.emit(`${number(result.score)} of ${plural(result.max_score, 'point')}; `
      + `${passed} of ${plural(coded.length, 'exercise')} pass. Each verdict stands under its stub.`,
    passed === coded.length ? 'success' : 'info', { autoClose: 8000 });
  }

  async refresh() {
    const { exercises } = await this.ask('notebook', { path: this.panel.context.path });
    this.exercises = exercises;
    for (const [exercise, box] of this.boxes) box.know(exercises[exercise]);
    this.onprogress();
  }

  // A fold with a hint was opened in the text: it counts as one that was asked for.
  opened(event) {
    const fold = event.target;
    if (fold.tagName !== 'DETAILS' || !fold.open) return;
    const cell = this.panel.content.widgets.find(widget => widget.node.contains(fold));
    const tags = cell?.model.getMetadata?.('tags') ?? [];
    const exercise = tags.includes('hints') && tags.find(tag => this.exercises[tag]);
    if (!exercise) return;
    const rung = [...cell.node.querySelectorAll('details')].indexOf(fold) + 1;
    this.ask('hint', { section: this.section, exercise, rung }).then(() => this.refresh()).catch(() => {});
  }

  // Scroll to an exercise.
  show(exercise) {
    const { content } = this.panel;
    const index = content.widgets.findIndex(cell => stubOf(cell) === exercise
      || cell.model.getMetadata?.('nbgrader')?.grade_id?.startsWith(`${exercise}__`));
    if (index < 0) return;
    content.activeCellIndex = index;
    content.scrollToItem(index, 'center').catch(() => {});
  }
}

// What stands under a stub: check, hints, solution, start over; and what they answer.

import { busy, button, element, markdown, number } from './dom.js';
import { verdict } from './verdict.js';

export class Box {
  // desk: {lab, ask, rendermime, panel (of the notebook), section, check(exercise), changed()}
  constructor(desk, exercise, record) {
    Object.assign(this, { desk, exercise, record });
    this.out = element('div', { class: 'course-out', 'aria-live': 'polite' });
    this.state = element('span', { class: 'course-state' });
    this.checkButton = button('Check', () => desk.check(exercise), { title: 'Hidden tests too (Ctrl+Alt+Enter)' });
    this.hintButton = button('Hint', () => this.hint());
    this.solutionButton = button('Solution', () => this.solution());
    this.resetButton = button('Start over', () => this.reset(), { title: 'Back to the empty stub; your notebook as it is is kept' });
    this.node = element('div', { class: 'course-box', role: 'group', 'aria-label': `${exercise}: check, hints, solution` },
      element('div', { class: 'course-bar' },
        this.checkButton, this.hintButton, this.solutionButton, this.resetButton, this.state), this.out);
    this.show();
  }

  show() {
    const { passed, solo, score, points, hints, opens } = this.record;
    this.state.className = `course-state course-${passed ? 'pass' : 'open'}`;
    const now = `${number(score)} of ${number(points)} points`;
    const before = score < points ? ` before; now ${now}` : '';
    this.state.textContent = passed ? `✓ passed${solo ? '' : ' with its solution'}${before}` : score ? now : `${number(points)} points`;
    this.hintButton.textContent = hints ? `Hints (${hints} of 3)` : 'Hint';
    this.solutionButton.title = passed || !opens ? 'The reference solution'
      : `Opens after a pass, or ${opens} more honest attempt${opens === 1 ? '' : 's'}`;
  }

  know(record) {
    this.record = record;
    this.show();
  }

  judged(exercise) {
    this.out.replaceChildren(verdict(exercise));
  }

  tell(sentence) {
    this.out.replaceChildren(element('p', { class: 'course-problem' }, sentence));
  }

  waiting() {
    this.out.replaceChildren(element('p', { class: 'course-note' }, 'Judging …'));
  }

  hint(rung) {
    const { lab, ask, rendermime, section, changed } = this.desk;
    return busy(this.hintButton, this.out, async () => {
      const found = await ask('hint', { section, exercise: this.exercise, rung: rung ?? Math.max(1, this.record.hints) });
      const text = element('div', { class: 'course-text' });
      const turn = (label, to) => button(label, () => this.hint(to), { disabled: to < 1 || to > found.of });
      this.out.replaceChildren(
        element('p', { class: 'course-head' }, `${found.title} (${found.rung} of ${found.of})`), text,
        element('div', { class: 'course-bar' }, turn('‹ Back', found.rung - 1), turn('Next hint ›', found.rung + 1),
          button('Close', () => this.out.replaceChildren())));
      await markdown(lab, rendermime, text, found.text);
      await changed();
    });
  }

  solution() {
    const { lab, ask, rendermime, section, changed } = this.desk;
    return busy(this.solutionButton, this.out, async () => {
      const found = await ask('solution', { section, exercise: this.exercise });
      const text = element('div', { class: 'course-text' });
      this.out.replaceChildren(element('p', { class: 'course-head' }, 'The reference solution'), text,
        element('p', { class: 'course-note' }, 'Start over later and solve it alone: then it counts in full.'),
        element('div', { class: 'course-bar' }, button('Close', () => this.out.replaceChildren())));
      await markdown(lab, rendermime, text, found.text ?? `\`\`\`python\n${found.code}\n\`\`\``);
      await changed();
    });
  }

  reset() {
    const { lab, ask, section, panel } = this.desk;
    return busy(this.resetButton, this.out, async () => {
      const answer = await lab.showDialog({
        title: `Empty the stub of ${this.exercise}?`,
        body: 'Your notebook as it is now is kept in the folder "Earlier work".',
        buttons: [lab.Dialog.cancelButton(), lab.Dialog.okButton({ label: 'Start over' })],
      });
      if (!answer.button.accept) return;
      await panel.context.save();
      const { kept } = await ask('reset', { section, exercise: this.exercise });
      await panel.context.revert();
      lab.Notification.info(`The stub of ${this.exercise} is empty. Before: ${kept}`, { autoClose: 6000 });
    });
  }
}

// A round of cards in the panel: question, answer, how well it was known; "not known" comes again at the end.

import { button, element, markdown } from './dom.js';

const RATINGS = ['not known', 'hard', 'good', 'easy'];

export class Cards {
  // tools: {lab, ask, rendermime, refresh()}
  constructor(tools, host) {
    Object.assign(this, { tools, host, done: 0 });
  }

  async start() {
    const { cards, due, waiting } = await this.tools.ask('cards');
    this.queue = cards;
    this.note = waiting ? `Welcome back. ${waiting} more are due and come in portions of ${due} a day, the likeliest to be `
      + 'forgotten first.' : '';
    await this.next();
  }

  async next() {
    const card = this.queue[this.done];
    if (!card) return this.end();
    const question = element('div', { class: 'course-text' });
    const answer = element('div', { class: 'course-text' });
    const rate = element('div', { class: 'course-bar' });
    const show = button('Show the answer', async () => {
      show.remove();
      rate.replaceChildren(...RATINGS.map((word, i) => button(`${i + 1} ${word}`, () => this.rated(card, i + 1, rate))));
      rate.firstChild.focus();
      await markdown(this.tools.lab, this.tools.rendermime, answer, card.answer);
    });
    this.host.replaceChildren(element('div', { class: 'course-card', onkeydown: event => press(event, rate) },
      element('p', { class: 'course-note' }, `${this.done + 1} of ${this.queue.length} · ${card.section} · ${card.level}`),
      this.note ? element('p', { class: 'course-note' }, this.note) : '',
      question, show, rate, answer,
      element('div', { class: 'course-bar' }, button('End', () => this.end()))));
    this.note = '';
    await markdown(this.tools.lab, this.tools.rendermime, question, `**${card.question}**`);
    show.focus();
  }

  async rated(card, rating, rate) {
    try {
      await this.tools.ask('review', { card: card.id, rating });
    } catch (error) {
      rate.replaceChildren(element('p', { class: 'course-problem' }, error.message));
      return;
    }
    this.done += 1;
    if (rating === 1) this.queue.push(card);
    await this.next();
  }

  end() {
    const said = this.done ? 'That is all for today.' : 'No card is due. Come back tomorrow.';
    this.host.replaceChildren(...(this.queue[this.done] ? [] : [element('p', { class: 'course-note' }, said)]));
    return this.tools.refresh();
  }
}

// 1 to 4 on the keyboard press the button of that number.
function press(event, rate) {
  const chosen = rate.children[Number(event.key) - 1];
  if (chosen instanceof HTMLButtonElement) chosen.click();
}

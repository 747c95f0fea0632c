// Answers of peers that wait for one's review, in a tab: the scheme, the answer, points and why.

import { busy, button, element, markdown } from './dom.js';

// tools: {lab, app, ask, rendermime, refresh()}
export function showReviews(tools, reviews) {
  const page = element('div', { class: 'course-panel course-interview' });
  const widget = new tools.lab.Widget({ node: page });
  widget.id = `course-reviews-${Date.now()}`;
  widget.title.label = 'Review';
  widget.title.closable = true;
  tools.app.shell.add(widget, 'main');
  tools.app.shell.activateById(widget.id);
  return next(tools, page, reviews);
}

async function next(tools, page, waiting) {
  const review = waiting.shift();
  if (!review) {
    page.replaceChildren(element('p', {}, 'No answer waits for your review.'));
    return tools.refresh();
  }
  const scheme = element('div', { class: 'course-text' });
  const points = element('input', { type: 'number', min: 0, max: review.points, step: 0.5, 'aria-label': 'Points' });
  const comment = element('textarea', { rows: 4, 'aria-label': 'Why' });
  const out = element('div', { 'aria-live': 'polite' });
  const give = button('Give', () => busy(give, out, async () => {
    await tools.ask('reviewed', { id: review.id, points: points.value === '' ? null : Number(points.value), comment: comment.value });
    await next(tools, page, waiting);
  }));
  page.replaceChildren(element('h2', {}, `An answer of your group, ${review.section}`),
    element('p', { class: 'course-note' }, 'Nobody sees whose it is, nor who reviews it. Two read each answer; the median counts.'),
    scheme, element('h3', {}, 'The answer'), element('pre', { class: 'course-answer' }, review.answer),
    element('label', {}, `Points, 0 to ${review.points}: `, points), comment,
    element('div', { class: 'course-bar' }, give, button('Pass', () => next(tools, page, waiting))), out);
  await markdown(tools.lab, tools.rendermime, scheme, review.scheme);
}

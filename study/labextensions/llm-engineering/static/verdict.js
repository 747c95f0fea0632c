// A verdict as it is shown: aspects with points, what was expected and what came, timed ratios.

import { element, number, plural } from './dom.js';

const WORDS = {
  pass: '✓ pass', fail: '✗ wrong', error: '✗ error', timeout: '✗ took too long', memory: '✗ out of memory', died: '✗ ended',
  missing: '○ not written yet', too_slow: '✗ too slow', undecided: '? undecided', manual: '· by hand',
};

// Of one exercise of the server's answer.
export function verdict(exercise) {
  const tests = exercise.cells.filter(cell => cell.verdict !== 'manual');
  const passed = tests.filter(cell => cell.verdict === 'pass').length;
  const head = tests.length
    ? `${passed} of ${plural(tests.length, 'aspect')} pass: ${number(exercise.score)} of ${plural(exercise.max_score, 'point')}`
    : 'A person, or you with the marking scheme, reads this answer.';
  const stopped = tests.some(cell => cell.verdict === 'fail' || cell.verdict === 'error');
  return element('div', { class: 'course-verdict' },
    element('p', { class: `course-head course-${exercise.passed ? 'pass' : 'open'}` }, head),
    element('ul', {}, ...exercise.cells.map(aspect)),
    stopped ? element('p', { class: 'course-note' },
      'An aspect stops at its first failure; what it tests after that was not tried.') : '');
}

function aspect(cell) {
  const shown = cell.message && cell.verdict !== 'pass' && cell.verdict !== 'manual' && cell.verdict !== 'missing';
  const ratio = cell.verdict !== 'pass' || cell.ratio === null ? '' : `, ${cell.ratio.toPrecision(2)} times the reference's time`;
  const points = cell.score === null ? '' : ` ${number(cell.score)} / ${number(cell.points)}`;
  return element('li', { class: `course-aspect course-${cell.verdict === 'pass' ? 'pass' : 'open'}` },
    element('span', { class: 'course-word' }, WORDS[cell.verdict] ?? cell.verdict),
    element('span', {}, ` ${cell.aspect.replaceAll('_', ' ')}${points}${ratio}`),
    shown ? element('pre', {}, cell.message) : '');
}

// Of every text that is drawn within `selector`: [{text, ratio}], the contrast of its colour on what lies behind it (WCAG 2).
selector => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((part, i) => a * part + (1 - a) * below[i]);
  const ancestors = node => { const found = []; for (let e = node; e; e = e.parentElement) found.push(e); return found; };
  const behind = node => ancestors(node).reverse().reduce(
    (below, e) => over(rgba(getComputedStyle(e).backgroundColor), below), [255, 255, 255]);
  const light = colour => {
    const [r, g, b] = colour.map(part => { const x = part / 255; return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const root of document.querySelectorAll(selector)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
      if (!text || !node.getClientRects().length || node.closest(':disabled, [aria-busy="true"], title, style')) continue;
      const opacity = ancestors(node).reduce((share, e) => share * Number(getComputedStyle(e).opacity), 1);
      const back = behind(node), [r, g, b, a] = rgba(getComputedStyle(node).color);
      const [dark, bright] = [light(over([r, g, b, a * opacity], back)), light(back)].sort((x, y) => x - y);
      found.push({ text: text.slice(0, 60), ratio: (bright + 0.05) / (dark + 0.05) });
    }
  }
  return found;
}

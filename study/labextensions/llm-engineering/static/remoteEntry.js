// What JupyterLab's loader asks for (module federation's container, written by hand: there is nothing to build).
(() => {
  const here = document.currentScript.src;
  const wanted = ['application', 'apputils', 'coreutils', 'notebook', 'rendermime', 'services'].map(name => `@jupyterlab/${name}`);
  let scope = {};

  async function module(name) {  // as JupyterLab itself uses it: there is one version of each
    const versions = Object.values(scope[name] ?? {});
    if (!versions.length) throw new Error(`JupyterLab offers no ${name}`);
    return (await versions[0].get())();
  }

  async function extension() {
    const lab = Object.assign({}, ...await Promise.all([...wanted, '@lumino/widgets'].map(module)));
    const { default: plugin } = await import(new URL('plugin.js', here));
    return () => ({ __esModule: true, default: plugin(lab) });
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB['llm-engineering'] = { init: shared => { scope = shared; }, get: extension };
})();

// Sets light or dark before the first paint. The person's choice is on <html data-theme>;
// where nobody is signed in, the last choice of this browser counts.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try { return localStorage.getItem("panel-theme"); } catch { return null; }
  };
  const apply = () => {
    const choice = root.dataset.theme || stored() || "auto";
    const isDark = choice === "dark" || (choice !== "light" && dark.matches);
    root.setAttribute("data-bs-theme", isDark ? "dark" : "light");
  };
  apply();
  dark.addEventListener("change", apply);
  root.addEventListener("panel:theme", apply);
})();
